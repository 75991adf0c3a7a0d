// What each residual block of a restorer is worth: the PSNR-Y of a config's validation sets without it.
//   npx tsx tools/blockWorth.ts CONFIG.yaml WEIGHTS.safetensors

import { readTrainingConfig } from '../cli/train/trainingConfig.js';
import { createNodeExecutor } from '../src/runtime/ort-node.js';
import { zeros, type Weights } from '../src/tensor/index.js';
import { trains } from '../src/training/index.js';
import { validateRestorer } from '../src/training/objectives/restorer/validation-node.js';
import { listPairSets } from '../src/training/validation/validationSets-node.js';
import { castWeights } from '../src/weights/index.js';
import { readSafetensorsFile } from '../src/weights/safetensors-node.js';

const [configPath, weightsPath] = process.argv.slice(2);
if (configPath === undefined || weightsPath === undefined) {
  console.error('usage: npx tsx tools/blockWorth.ts CONFIG.yaml WEIGHTS.safetensors');
  process.exit(2);
}

const { config } = await readTrainingConfig(configPath);
if (!trains(config, 'OneStepRestorer')) {
  console.error(`${configPath}: expected a OneStepRestorer, got ${config.model._class_name}`);
  process.exit(2);
}
const { model } = config;
const sets = await listPairSets(config.validation);
const weights = castWeights((await readSafetensorsFile(weightsPath)).tensors, 'float32');
const executor = createNodeExecutor();

const whole = await scores(weights);
print('all blocks', whole);
for (const block of blocksOf(weights)) {
  const without = await scores(withoutBlock(weights, block));
  print(
    block,
    without.map((score, i) => score - whole[i]),
  );
}

async function scores(held: Weights): Promise<number[]> {
  const plan = { model, sets, pictures: 0 };
  const report = await validateRestorer(executor, held, plan, { step: 0, pictures: null });
  return Object.values(report?.validation ?? {}).map((score) =>
    'psnrY' in score ? score.psnrY : NaN,
  );
}

function blocksOf(held: Weights): Set<string> {
  const names = [...held.keys()].map((name) => /^(.*)\.conv2\.weight$/.exec(name)?.[1] ?? null);
  return new Set(names.filter((name) => name !== null));
}

/** A block whose last convolution is zero gives what it is given. */
function withoutBlock(held: Weights, block: string): Weights {
  const silenced = [...held].map(([name, tensor]) =>
    name.startsWith(`${block}.conv2.`)
      ? ([name, zeros(tensor.dtype, tensor.shape)] as const)
      : ([name, tensor] as const),
  );
  return new Map(silenced);
}

function print(label: string, values: readonly number[]): void {
  const cells = values.map((value) => value.toFixed(3).padStart(8));
  console.log(`${label.padEnd(34)}${cells.join('')}`);
}
