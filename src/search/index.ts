export * from './algorithms/bayesianSearch.js';
export * from './algorithms/expectedHypervolumeImprovement.js';
export * from './report/familyReport.js';
export * from './algorithms/fitGaussianProcess.js';
export {
  fitGaussian,
  frechetDistance,
  frechetDistanceOfSamples,
  type Gaussian,
} from './algorithms/gaussianFit.js';
export * from './algorithms/gaussianProcess.js';
export * from './latency/latencyCsv.js';
export * from './latency/latencyParts.js';
export * from './latency/latencyTable.js';
export * from './latency/measureLatencies.js';
export * from './quality/measurementTensors.js';
export * from './algorithms/nsga2.js';
export * from './space/operatingPoints.js';
export * from './algorithms/pareto.js';
export * from './quality/predictionCheck.js';
export * from './latency/profileUnet.js';
export * from './algorithms/randomSearch.js';
export { familyReportHtml } from './report/reportHtml.js';
export * from './algorithms/runSearch.js';
export * from './algorithms/search.js';
export * from './algorithms/searchProblem.js';
export * from './space/space.js';
export * from './space/stageSpace.js';
export * from './algorithms/statistics.js';
