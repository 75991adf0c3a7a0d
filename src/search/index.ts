export {
  fitGaussian,
  frechetDistance,
  frechetDistanceOfSamples,
  type Gaussian,
} from './gaussianFit.js';
export * from './latencyTable.js';
