export * from './graph/index.js';
export * from './image/index.js';
export * from './models/index.js';
export * from './nn/index.js';
export * from './onnx/index.js';
export * from './runtime/index.js';
export * from './tensor/index.js';
export * from './weights/index.js';
