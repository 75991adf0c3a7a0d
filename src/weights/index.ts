export { bytesSource, type ByteSource } from './byte-source.js';
export { castWeights, type WeightDType } from './cast.js';
export { WeightsError } from './errors.js';
export { interpolateWeights } from './interpolate.js';
export {
  checkFinite,
  describeNonFinite,
  matchWeights,
  nonFiniteError,
  type ExpectedWeight,
} from './matching.js';
export { renameSource, renameTensors, type Origin } from './renamed.js';
export { parseHeader, type HeaderEntry, type SafetensorsHeader } from './safetensors-header.js';
export {
  encodeSafetensors,
  openSafetensors,
  streamSafetensors,
  type Checkpoint,
  type TensorEntry,
} from './safetensors.js';
export { openSharded, parseShardIndex } from './sharded.js';
export {
  castSource,
  castSourceTo,
  checkFiniteSource,
  joinSources,
  sourceOf,
  type TensorSource,
  type TensorType,
} from './tensor-source.js';
export { openWeights } from './openWeights.js';
export { openTorch } from './torch/openTorch.js';
export { parsePythonJson, stringifyPythonJson } from './pythonJson.js';
