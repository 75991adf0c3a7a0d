export type { ForeignArchitecture, StateShapes } from './foreignArchitecture.js';
export type { ForeignNetwork, PictureSize, ValueRange } from './foreignNetwork.js';
export {
  defaultNoiseLevel,
  foreignFamilies,
  foreignNetwork,
  recognizeForeign,
  type ForeignNetworkOptions,
} from './recognizeForeign.js';
