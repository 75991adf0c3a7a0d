// What `nanosd restore` needs of `node.ts`, which loads everything: the time that takes would be most of a small photo's.
export type { ImageFormat } from './image/sharp-node.js';
export { removeStaleWorkFolders } from './image/workFolder-node.js';
export * from './restoration/openRestorer-node.js';
export * from './restoration/photoTree-node.js';
export * from './restoration/restorerModel-node.js';
export * from './restoration/restoreTree-node.js';
export type { Effort } from './restoration/tasks/tasks.js';
export { availableMemory } from './runtime/availableMemory-node.js';
export { makeFolder } from './weights/makeFolder-node.js';
export { replaceFile } from './weights/replace-file-node.js';
