export { bytesSource, type ByteSource } from './byte-source.js';
export { castWeights, type WeightDType } from './cast.js';
export { WeightsError } from './errors.js';
export { checkFinite, matchWeights, type ExpectedWeight } from './matching.js';
export { parseHeader, type HeaderEntry, type SafetensorsHeader } from './safetensors-header.js';
export {
  encodeSafetensors,
  openSafetensors,
  type Checkpoint,
  type TensorEntry,
} from './safetensors.js';
export { openSharded, parseShardIndex } from './sharded.js';
