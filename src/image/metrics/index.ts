export * from './depth.js';
export * from './gridPower.js';
export * from './meanDefined.js';
export * from './niqe.js';
export * from './perceptual.js';
export * from './planes.js';
export * from './psnr.js';
export * from './ssim.js';
