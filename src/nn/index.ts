export * from './activation.js';
export * from './autoencoderTinyBlock.js';
export * from './conv2d.js';
