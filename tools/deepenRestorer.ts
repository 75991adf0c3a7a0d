// Weights for a deeper restorer to start from, which computes what a shallower one does: `initial_weights` of the
// config whose `model` is the deeper one.

import { resolve, dirname } from 'node:path';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { restorer, restorerConfig, restorerMultiple } from '../src/models/index.js';
import { Random } from '../src/tensor/index.js';
import { deepenRestorer } from '../src/surgery/index.js';
import { initializeRestorer, parseTrainingConfig } from '../src/training/index.js';
import { castWeights } from '../src/weights/index.js';
import { readSafetensorsFile, writeSafetensorsFile } from '../src/weights/safetensors-node.js';

const [weightsPath, configPath, target] = process.argv.slice(2);
if (weightsPath === undefined || configPath === undefined || target === undefined) {
  console.error('usage: npx tsx tools/deepenRestorer.ts WEIGHTS.safetensors CONFIG.yaml FILE');
  process.exit(2);
}

const beside = (name: string): string => resolve(dirname(configPath), name);
const config = parseTrainingConfig(parse(await readFile(configPath, 'utf8')), configPath, beside);
if (config.model._class_name !== 'OneStepRestorer') {
  console.error(`${configPath}: expected a OneStepRestorer, got ${config.model._class_name}`);
  process.exit(2);
}
const { tensors } = await readSafetensorsFile(weightsPath);
const weights = castWeights(tensors, 'float32');
const deeper = restorerConfig(config.model);
const side = restorerMultiple(deeper);
const graph = restorer(deeper, { batch: 1, height: side, width: side });
const grown = deepenRestorer(weights, initializeRestorer(graph, Random.seeded(config.seed)));
await writeSafetensorsFile(target, grown);
console.log(`${target}: ${grown.size - weights.size} new tensors, ${grown.size} in all`);
