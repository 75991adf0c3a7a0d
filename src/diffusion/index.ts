export * from './linearCombination.js';
export * from './noiseSchedule.js';
export * from './noising.js';
export * from './predictionType.js';
