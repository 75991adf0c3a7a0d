export * from './createRestorer.js';
export * from './memory.js';
export * from './scores.js';
export * from './tiles.js';
