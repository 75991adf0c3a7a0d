export * from './distillation/index.js';
export * from './distillation/distillSurrogates-node.js';
export * from './distillation/distillWorker-node.js';
export * from './distillation/prepareDistillation-node.js';
export * from './distillation/surrogateFolder-node.js';
export * from './generation/generateFiles-node.js';
export * from './generation/openPipeline-node.js';
export { DiskFullError } from './image/diskFull-node.js';
export * from './image/degradations/codec-node.js';
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
export * from './restoration/evaluation/evaluate-node.js';
export * from './restoration/evaluation/perceptualMeter-node.js';
export * from './restoration/evaluation/subjects-node.js';
export * from './restoration/openRestorer-node.js';
export { openRestorer as createRestorer } from './restoration/openRestorer-node.js';
export * from './restoration/photoTree-node.js';
export * from './restoration/restoreTree-node.js';
export { installedModels } from './restoration/tasks/installedModels-node.js';
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
} from './search/family/assembleStudent-node.js';
export * from './search/family/journal-node.js';
export * from './search/latency/latencyDevice-node.js';
export * from './search/latency/latencyTable-node.js';
export * from './search/prior/measurePrior-node.js';
export * from './search/quality/measureQuality-node.js';
export * from './search/quality/qualityMeter-node.js';
export * from './search/family/searchFamily-node.js';
export * from './search/report/writeFamilyReport-node.js';
export * from './search/family/writeStudent-node.js';
export * from './text/tokenizerFolder-node.js';
export * from './training/objectives/alignment/alignStudent-node.js';
export * from './training/degrading/contactSheet-node.js';
export * from './training/degrading/degradePhotos-node.js';
export * from './training/loop/checkpoint-node.js';
export * from './training/export/exportModel-node.js';
export * from './training/latents/latents-node.js';
export * from './training/loop/learningCurves-node.js';
export * from './training/data/photoFile.js';
export * from './training/data/photoFolder-node.js';
export * from './training/data/photoBatches-node.js';
export * from './training/loop/run-node.js';
export * from './training/objectives/tinyVae/trainVae-node.js';
export * from './weights/file-node.js';
export * from './weights/makeFolder-node.js';
export * from './weights/openWeightsFile-node.js';
export * from './weights/replace-file-node.js';
export * from './weights/safetensors-node.js';
