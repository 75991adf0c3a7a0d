export * from './activation.js';
export * from './attention.js';
export * from './conv2d.js';
export * from './linear.js';
export * from './norm.js';
export * from './resnetBlock2d.js';
export * from './resnetBlockTiny.js';
export * from './transformer2d.js';
