export * from './stage.js';
export * from './pipelineConfig.js';
