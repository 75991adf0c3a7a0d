export * from './dtype.js';
export * from './float16.js';
export * from './portableMath.js';
export * from './random.js';
export * from './shape.js';
export * from './tensor.js';
