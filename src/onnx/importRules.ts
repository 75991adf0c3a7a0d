import type { ImportRule } from './foreignNode.js';
import { elementwiseRules } from './importElementwise.js';
import { normRules } from './importNorm.js';
import { poolRules } from './importPool.js';
import { productRules } from './importProduct.js';
import { reduceRules } from './importReduce.js';
import { resizeRules } from './importResize.js';
import { constantRules } from './importConstant.js';
import { selectRules } from './importSelect.js';
import { shapeRules } from './importShape.js';
import { padRules } from './importPad.js';

/** The operators of ONNX that can be read, by their names in its default domain. */
export const importRules: Readonly<Record<string, ImportRule>> = {
  ...elementwiseRules,
  ...reduceRules,
  ...constantRules,
  ...shapeRules,
  ...selectRules,
  ...padRules,
  ...resizeRules,
  ...productRules,
  ...normRules,
  ...poolRules,
};
