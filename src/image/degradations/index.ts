export * from './degradation.js';
export * from './filter.js';
export * from './jpeg.js';
export * from './kernels.js';
export * from './noise.js';
export * from './sharpen.js';
