export * from './latencyTable.js';
