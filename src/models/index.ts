export * from './inspection.js';
export * from './parseConfig.js';
export * from './restorer.js';
export * from './restorerConfig.js';
