export * from './tensor/index.js';
export * from './runtime/ort-web.js';
export * from './weights/blob-web.js';
