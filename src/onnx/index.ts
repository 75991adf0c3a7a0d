export { encodeModel, opsetVersion, toModelProto } from './model.js';
export type { ExternalData, Initializer } from './proto.js';
