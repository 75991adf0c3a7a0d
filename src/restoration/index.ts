export * from './createRestorer.js';
export * from './matchColours.js';
export * from './memory.js';
export * from './outputSize.js';
export * from './restorationGraph.js';
export * from './scores.js';
export * from './selfTest.js';
export * from './tiles.js';
