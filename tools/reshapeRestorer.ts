// Weights for a restorer to start from, made of those of another shape: `initial_weights` of the config that holds
// the shape wanted. Blocks that the other lacks begin as identity; a coarsest level of the U-Net and blocks that the config
// does not have are left out: those named (`unet.down_blocks.0.resnets.1`), then the last of a row.
//   npx tsx tools/reshapeRestorer.ts WEIGHTS.safetensors CONFIG.yaml FILE [BLOCK...]

import { readTrainingConfig } from '../cli/train/trainingConfig.js';
import {
  isFamilyRestorer,
  restorer,
  restorerConfig,
  restorerMultiple,
} from '../src/models/index.js';
import { Random, type Weights } from '../src/tensor/index.js';
import { deepenRestorer, flattenRestorer, removeBlock } from '../src/surgery/index.js';
import { initializeRestorer } from '../src/training/index.js';
import { castWeights } from '../src/weights/index.js';
import { readSafetensorsFile, writeSafetensorsFile } from '../src/weights/safetensors-node.js';

const [weightsPath, configPath, target, ...unwanted] = process.argv.slice(2);
if (weightsPath === undefined || configPath === undefined || target === undefined) {
  console.error('usage: npx tsx tools/reshapeRestorer.ts WEIGHTS CONFIG.yaml FILE [BLOCK...]');
  process.exit(2);
}

const { config } = await readTrainingConfig(configPath);
if (config.model._class_name !== 'OneStepRestorer') {
  console.error(`${configPath}: expected a OneStepRestorer, got ${config.model._class_name}`);
  process.exit(2);
}
const shape = restorerConfig(config.model);
if (isFamilyRestorer(shape)) throw new Error('expected the shape of a OneStepRestorer');
const side = restorerMultiple(shape);
const graph = restorer(shape, { batch: 1, height: side, width: side });
const wanted = new Set(graph.params.map(({ name }) => name));

const { tensors } = await readSafetensorsFile(weightsPath);
let weights: Weights = castWeights(tensors, 'float32');
while (weights.has(`unet.down_blocks.${shape.blockOutChannels.length}.downsampler.weight`)) {
  weights = flattenRestorer(weights);
}
// From the end, so that no name changes before its turn.
unwanted.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
for (const block of unwanted) weights = removeBlock(weights, block);
const grown = deepenRestorer(weights, initializeRestorer(graph, Random.seeded(config.seed)));
const kept = new Map([...grown].filter(([name]) => wanted.has(name)));
await writeSafetensorsFile(target, kept);
const added = [...kept.keys()].filter((name) => !weights.has(name)).length;
console.log(
  `${target}: ${kept.size} tensors, ${added} of them new, ${grown.size - kept.size} left out`,
);
