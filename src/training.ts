export * from './training/index.js';
export * from './search/index.js';
export * from './pipeline/index.js';
