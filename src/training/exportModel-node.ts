import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { weightsFileName } from '../models/modelFolder-node.js';
import { inspectRestorer, restorerConfig } from '../models/index.js';
import { createWorkerExecutor } from '../runtime/worker-node.js';
import type { Weights } from '../tensor/index.js';
import { castWeights, matchWeights, WeightsError } from '../weights/index.js';
import { replaceFile } from '../weights/replace-file-node.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';
import { readBestReport, writeModelFolder } from './bestModel-node.js';
import { newestAverages } from './checkpoint-node.js';
import type { TrainingConfig } from './config.js';
import { readMetricsLog } from './metricsLog-node.js';
import { modelCard, type ModelFacts } from './modelCard.js';
import { listPhotos } from './photoFolder-node.js';
import { readPhotoOrigins } from './photoSources-node.js';
import { runFolder, type RunFolder } from './runFolder-node.js';
import { shardNetwork } from './trainingNetwork-node.js';
import { validate, type ValidationReport, type ValidationScore } from './validation-node.js';
import { listValidationSets } from './validationSets-node.js';

export interface ExportOptions {
  /** The folder to write: `config.json`, `diffusion_pytorch_model.safetensors` (float16), `README.md`. */
  readonly folder: string;
  /** Which of the run's averaged weights: those that validated best, or those of the newest checkpoint. */
  readonly weights: 'best' | 'newest';
  /** What the card says was run. */
  readonly command: string;
  /** What the card says it was run with: YAML. */
  readonly configText: string;
}

export interface ExportedModel {
  readonly step: number;
  readonly parameters: number;
  readonly bytes: number;
  readonly scores: Readonly<Record<string, ValidationScore>>;
}

/**
 * Writes what a training run has made as a model folder with a model card. The scores are measured anew,
 * with the weights as they are stored.
 * @throws Error when the run has no such weights, or the folder cannot be written.
 */
export async function exportModel(
  config: TrainingConfig,
  options: ExportOptions,
): Promise<ExportedModel> {
  const run = runFolder(config.output_dir);
  const trained =
    options.weights === 'best'
      ? await bestAverages(run)
      : await newestAverages(run.checkpoints, shardNetwork(config));
  matchWeights(shardNetwork(config).params, trained.weights, `${run.path}: `);
  const stored = castWeights(trained.weights, 'float16');
  const report = await measure(config, castWeights(stored, 'float32'), trained.step);
  await writeModelFolder(options.folder, config.model, stored);
  const { size } = await stat(join(options.folder, weightsFileName));
  const facts = await collectFacts(config, options, run, { report, bytes: size });
  await replaceFile(join(options.folder, 'README.md'), [
    new TextEncoder().encode(modelCard(facts)),
  ]);
  const { parameters, scores } = facts;
  return { step: trained.step, parameters, bytes: size, scores };
}

async function bestAverages(run: RunFolder): Promise<{ step: number; weights: Weights }> {
  const report = await readBestReport(run.best);
  if (!report) {
    throw new WeightsError(`${run.best}: expected weights that a validation has kept, got none`);
  }
  const { tensors } = await readSafetensorsFile(join(run.best, weightsFileName));
  return { step: report.step, weights: tensors };
}

async function measure(
  config: TrainingConfig,
  weights: Weights,
  step: number,
): Promise<ValidationReport> {
  const sets = await listValidationSets(config);
  const executor = createWorkerExecutor({ threads: config.workers });
  try {
    const plan = { model: config.model, sets, pictures: { folder: '', count: 0 } };
    const report = await validate(executor, weights, plan, { step });
    return report ?? { step, validation: {}, ms: 0 };
  } finally {
    await executor[Symbol.asyncDispose]();
  }
}

async function collectFacts(
  config: TrainingConfig,
  { folder, command, configText }: ExportOptions,
  run: RunFolder,
  { report, bytes }: { readonly report: ValidationReport; readonly bytes: number },
): Promise<ModelFacts> {
  const { step, validation } = report;
  const log = await readMetricsLog(run.metrics);
  const updates = log.flatMap((entry) => ('loss' in entry && entry.step <= step ? [entry] : []));
  const last = updates.slice(-100);
  const { total } = inspectRestorer(restorerConfig(config.model), { width: 128, height: 128 });
  return {
    name: basename(folder),
    model: config.model,
    parameters: total.parameters,
    gmac: total.gmac,
    weightBytes: bytes,
    scores: validation,
    training: {
      steps: step,
      hours: updates.reduce((sum, { ms }) => sum + ms, 0) / 3_600_000,
      samples: step * config.batch_size,
      loss: last.length === 0 ? null : last.reduce((sum, { loss }) => sum + loss, 0) / last.length,
      command,
      config: configText,
    },
    origins: await readPhotoOrigins(await listPhotos(config.data.photos)),
  };
}
