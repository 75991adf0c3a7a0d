export * from './bayesianSearch.js';
export * from './expectedHypervolumeImprovement.js';
export * from './familyReport.js';
export * from './fitGaussianProcess.js';
export {
  fitGaussian,
  frechetDistance,
  frechetDistanceOfSamples,
  type Gaussian,
} from './gaussianFit.js';
export * from './gaussianProcess.js';
export * from './latencyCsv.js';
export * from './latencyParts.js';
export * from './latencyTable.js';
export * from './measureLatencies.js';
export * from './measurementTensors.js';
export * from './nsga2.js';
export * from './operatingPoints.js';
export * from './pareto.js';
export * from './predictionCheck.js';
export * from './profileUnet.js';
export * from './randomSearch.js';
export { familyReportHtml } from './reportHtml.js';
export * from './runSearch.js';
export * from './search.js';
export * from './searchProblem.js';
export * from './space.js';
export * from './stageSpace.js';
export * from './statistics.js';
