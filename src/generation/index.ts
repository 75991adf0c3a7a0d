export * from './createPipeline.js';
export * from './denoise.js';
export * from './generationRequest.js';
export * from './latents.js';
export * from './preview.js';
export * from './promptEncoder.js';
export type { Residency } from './sessions.js';
