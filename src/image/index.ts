export * from './colour.js';
export * from './cover.js';
export * from './degradations/index.js';
export * from './geometry.js';
export * from './image.js';
export * from './metrics/index.js';
export * from './pngText.js';
export * from './resample.js';
