export { emitRules, type EmitRules } from './emit.js';
export { nativeBlockRules, type BlockRules } from './emitBlocked.js';
export { placeWeights, weightFiles, type WeightFile, type WeightType } from './externalWeights.js';
export { foreignOnnxNetwork } from './foreignModel.js';
export { exportGraphs, type ExportGraph, type ExportSize } from './exportGraphs.js';
export { castToParams, isDelicate, toFloat16 } from './float16.js';
export {
  decodeModel,
  fromModelProto,
  readableOpsets,
  type ImportedModel,
  type ImportOptions,
} from './import.js';
export { encodeModel, opsetVersion, toModelProto } from './model.js';
export type { ExternalData, Initializer } from './proto.js';
