export {
  decodeModel,
  fromModelProto,
  readableOpsets,
  type ImportedModel,
  type ImportOptions,
} from './import.js';
export { encodeModel, opsetVersion, toModelProto } from './model.js';
export type { ExternalData, Initializer } from './proto.js';
