export * from './tensor/index.js';
export * from './restoration/createRestorer-web.js';
export * from './restoration/fetchModel-web.js';
export * from './restoration/openDevice-web.js';
export * from './restoration/picture-web.js';
export * from './restoration/restoreFile-web.js';
export * from './runtime/ort-web.js';
export * from './weights/blob-web.js';
