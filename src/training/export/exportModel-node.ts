import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { weightsFileName } from '../../models/modelFolder-node.js';
import { indexFileName } from '../../models/openCheckpoint-node.js';
import type { Precision } from '../../models/index.js';
import { createWorkerExecutor, type WorkerExecutor } from '../../runtime/worker-node.js';
import type { Weights } from '../../tensor/index.js';
import { castWeights, matchWeights, WeightsError } from '../../weights/index.js';
import { replaceFile } from '../../weights/replace-file-node.js';
import { readSafetensorsFile } from '../../weights/safetensors-node.js';
import { readBestReport, writeModelFolder } from '../loop/bestModel-node.js';
import { newestAverages, requireRunConfig } from '../loop/checkpoint-node.js';
import type { TrainingConfig } from '../objectives/config.js';
import { readMetricsLog } from '../loop/metricsLog-node.js';
import { modelCard, type ModelFacts, type PhotoOrigin } from './modelCard.js';
import { openObjective } from '../objectives/objectives-node.js';
import type { Comparison, Objective } from '../objectives/objective.js';
import { readPhotoOrigins } from '../data/photoSources-node.js';
import { runIdentity } from '../loop/runIdentity.js';
import { runFolder, type RunFolder } from '../loop/runFolder-node.js';
import type { ValidationReport, ValidationScore } from '../validation/validation.js';

export interface ExportOptions {
  /**
   * The folder to write: `config.json`, `diffusion_pytorch_model.safetensors` and `README.md`, and for what was
   * distilled `report.json`; for a U-Net a whole checkpoint, with the autoencoder, the scheduler and the prompts.
   */
  readonly folder: string;
  /** Which of the run's averaged weights: those that validated best, or those of the newest checkpoint. */
  readonly weights: 'best' | 'newest';
  /** How weights are stored; `float16` unless given. */
  readonly precision?: Precision;
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
 * @throws WeightsError when the run has no such weights, or the folder holds something else or cannot be written; ConfigError when the
 * run was begun with another config, and for a manifest of photographs that is none.
 */
export async function exportModel(
  config: TrainingConfig,
  options: ExportOptions,
): Promise<ExportedModel> {
  const run = runFolder(config.output_dir);
  await requireReplaceable(options.folder);
  const objective = await openObjective(config);
  // The card tells the config as it is now, which may have been edited since.
  await requireRunConfig(run.checkpoints, runIdentity(config, objective.sources));
  const origins = await readPhotoOrigins(objective.photos);
  const { params } = objective.graph;
  const trained =
    options.weights === 'best'
      ? await bestAverages(run)
      : await newestAverages(run.checkpoints, objective.graph);
  matchWeights(params, trained.weights, `${run.path}: `);
  const { precision = 'float16' } = options;
  const stored = castWeights(trained.weights, precision);
  await using executor = createWorkerExecutor({ threads: config.workers });
  const report = await writeMeasured(executor, objective, stored, {
    folder: options.folder,
    step: trained.step,
    precision,
  });
  const size = await weightBytes(options.folder, objective);
  const comparison = await writeComparison(executor, objective, stored, options.folder);
  const measured = { report, bytes: size, comparison, origins };
  const facts = await collectFacts(config, { ...options, precision }, objective, measured);
  await replaceFile(join(options.folder, 'README.md'), [
    new TextEncoder().encode(modelCard(facts)),
  ]);
  const { parameters } = objective.description;
  return { step: trained.step, parameters, bytes: size, scores: facts.scores };
}

/** A README or a config of something else would be lost. */
async function requireReplaceable(folder: string): Promise<void> {
  const present = await stat(folder).catch(() => undefined);
  if (!present) return;
  if (!present.isDirectory()) throw new WeightsError(`${folder}: expected a folder, got a file`);
  const names = await readdir(folder);
  if (names.includes(weightsFileName) || names.includes(indexFileName)) return;
  if (names.every((name) => name.endsWith('.partial'))) return;
  throw new WeightsError(
    `${folder}: expected no folder yet, an empty one, or a model to replace, got one with other files`,
  );
}

async function bestAverages(run: RunFolder): Promise<{ step: number; weights: Weights }> {
  const report = await readBestReport(run.best);
  if (!report) {
    throw new WeightsError(`${run.best}: expected weights that a validation has kept, got none`);
  }
  const { tensors } = await readSafetensorsFile(join(run.best, weightsFileName));
  return { step: report.step, weights: tensors };
}

/** Writes the model and says what its weights reach, as they are stored. */
async function writeMeasured(
  executor: WorkerExecutor,
  objective: Objective,
  stored: Weights,
  {
    folder,
    step,
    precision,
  }: { readonly folder: string; readonly step: number; readonly precision: Precision },
): Promise<ValidationReport> {
  const weights = castWeights(stored, 'float32');
  const report = await objective.validate(executor, weights, { step, pictures: null });
  if (objective.writeModel) await objective.writeModel(folder, weights, precision);
  else await writeModelFolder(folder, await objective.finishModelFile(executor, weights), stored);
  return report ?? { step, validation: {}, ms: 0 };
}

/** Compares what was distilled with its teacher, and writes `report.json`; no rows where nothing was. */
async function writeComparison(
  executor: WorkerExecutor,
  objective: Objective,
  stored: Weights,
  folder: string,
): Promise<Comparison['rows']> {
  const comparison = await objective.compare?.(executor, castWeights(stored, 'float32'));
  if (!comparison) return [];
  const text = `${JSON.stringify(comparison.report, null, 2)}\n`;
  await replaceFile(join(folder, 'report.json'), [new TextEncoder().encode(text)]);
  return comparison.rows;
}

interface MeasuredModel {
  readonly report: ValidationReport;
  readonly bytes: number;
  readonly comparison: Comparison['rows'];
  readonly origins: readonly PhotoOrigin[];
}

/** Of the model's weights; a checkpoint's lie in folders below. */
async function weightBytes(folder: string, objective: Objective): Promise<number> {
  if (!objective.writeModel) return (await stat(join(folder, weightsFileName))).size;
  const names = await readdir(folder, { recursive: true });
  const weights = names.filter((name) => name.endsWith('.safetensors'));
  const found = await Promise.all(weights.map((name) => stat(join(folder, name))));
  return found.reduce((sum, { size }) => sum + size, 0);
}

async function collectFacts(
  config: TrainingConfig,
  { folder, command, configText, precision }: ExportOptions & { readonly precision: Precision },
  { description }: Objective,
  { report, bytes, comparison, origins }: MeasuredModel,
): Promise<ModelFacts> {
  const { step, validation } = report;
  const log = await readMetricsLog(runFolder(config.output_dir).metrics);
  const updates = log.flatMap((entry) => ('loss' in entry && entry.step <= step ? [entry] : []));
  const last = updates.slice(-100);
  return {
    // The name of `.` is that of the folder it stands for.
    name: basename(resolve(folder)),
    model: description,
    weightBytes: bytes,
    precision,
    scores: validation,
    comparison,
    training: {
      steps: step,
      hours: updates.reduce((sum, { ms }) => sum + ms, 0) / 3_600_000,
      samples: step * config.batch_size,
      loss: last.length === 0 ? null : last.reduce((sum, { loss }) => sum + loss, 0) / last.length,
      command,
      config: configText,
    },
    origins,
  };
}
