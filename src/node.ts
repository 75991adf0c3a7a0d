export * from './distillation/index.js';
export * from './distillation/distillSurrogates-node.js';
export * from './distillation/distillWorker-node.js';
export * from './distillation/prepareDistillation-node.js';
export * from './distillation/surrogateFolder-node.js';
export * from './generation/generateFiles-node.js';
export * from './generation/openPipeline-node.js';
export { DiskFullError } from './image/diskFull-node.js';
export * from './image/imagePairs-node.js';
export { photoFormatOf } from './image/outputFile-node.js';
export * from './image/photoHeader-node.js';
export * from './image/sharp-node.js';
export { removeStaleWorkFolders } from './image/workFolder-node.js';
export * from './models/clipTokenizer-node.js';
export * from './models/initCheckpoint-node.js';
export * from './models/modelFolder-node.js';
export * from './models/modelKind-node.js';
export { openNetworkFolder, type NetworkFolder } from './models/networkFolder-node.js';
export * from './models/openAutoencoder-node.js';
export * from './models/openCheckpoint-node.js';
export * from './models/writeCheckpoint-node.js';
export * from './onnx/exportCheckpoint-node.js';
export * from './onnx/file-node.js';
export * from './pipeline/familyPipeline-node.js';
export * from './restoration/evaluation-node.js';
export * from './restoration/openRestorer-node.js';
export { openRestorer as createRestorer } from './restoration/openRestorer-node.js';
export * from './restoration/photoTree-node.js';
export * from './restoration/restorerModel-node.js';
export * from './restoration/restoreTree-node.js';
export * from './restoration/testDevices-node.js';
export * from './runtime/availableMemory-node.js';
export * from './runtime/nodeDevices-node.js';
export * from './runtime/nodeExecutor-node.js';
export * from './runtime/openForeignNetwork-node.js';
export * from './runtime/ort-node.js';
export * from './runtime/worker-node.js';
export {
  assembleStudent,
  openSurrogates,
  teacherUnet,
  type AssembledStudent,
  type SurrogateFolder,
  type TeacherUnet,
} from './search/assembleStudent-node.js';
export * from './search/journal-node.js';
export * from './search/latencyDevice-node.js';
export * from './search/latencyTable-node.js';
export * from './search/measureQuality-node.js';
export * from './search/qualityMeter-node.js';
export * from './search/searchFamily-node.js';
export * from './search/writeFamilyReport-node.js';
export * from './search/writeStudent-node.js';
export * from './text/tokenizerFolder-node.js';
export * from './training/alignStudent-node.js';
export * from './training/checkpoint-node.js';
export * from './training/exportModel-node.js';
export * from './training/latents-node.js';
export * from './training/learningCurves-node.js';
export * from './training/photoFolder-node.js';
export * from './training/photoBatches-node.js';
export * from './training/run-node.js';
export * from './training/trainVae-node.js';
export * from './weights/file-node.js';
export * from './weights/makeFolder-node.js';
export * from './weights/openWeightsFile-node.js';
export * from './weights/replace-file-node.js';
export * from './weights/safetensors-node.js';
