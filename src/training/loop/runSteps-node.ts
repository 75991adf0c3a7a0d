import { join } from 'node:path';
import type { Graph, Session } from '../../graph/index.js';
import { elementCount } from '../../tensor/index.js';
import { createWorkerExecutor, type WorkerExecutor } from '../../runtime/worker-node.js';
import { keepIfBetter } from './bestModel-node.js';
import type { TrainingConfig } from '../objectives/config.js';
import { createDivergenceWatch, DivergedError } from './divergence.js';
import type { FolderLock } from './folderLock-node.js';
import { train, type ShardSource, type StepMetrics } from './loop.js';
import { openMetricsLog, readMetricsLog, type MetricsLog } from './metricsLog-node.js';
import type { Optimizer } from '../optimizers/optimizers.js';
import type { Objective, Preparation, SampleStream } from '../objectives/objective.js';
import type { RunFolder } from './runFolder-node.js';
import { createRunCheckpoints } from './runCheckpoints-node.js';
import type { RunIdentity } from './runIdentity.js';
import type { TrainingState } from './state.js';
import { gradientGraph } from './trainingGraph.js';
import { trainingPlan } from './trainingPlan.js';
import { shardSize } from './trainingSettings.js';
import type { ValidationReport } from '../validation/validation.js';

/** What a run tells while it goes. */
export type TrainingEvent =
  | { readonly kind: 'started'; readonly step: number; readonly parameters: number }
  /** What is made once, before the first step, such as latents on disk. */
  | ({ readonly kind: 'preparing' } & Preparation)
  | { readonly kind: 'step'; readonly metrics: StepMetrics }
  | { readonly kind: 'validation'; readonly report: ValidationReport; readonly best: boolean }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly path: string }
  | { readonly kind: 'warning'; readonly message: string }
  /** What failed is thrown after it. `savedStep` is that of the newest checkpoint, 0 without one. */
  | { readonly kind: 'failed'; readonly step: number; readonly savedStep: number }
  | { readonly kind: 'finished'; readonly step: number; readonly steps: number };

export interface PreparedRun {
  readonly objective: Objective;
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  readonly identity: RunIdentity;
  readonly folder: RunFolder;
  /** Let go of when the run ends. */
  readonly lock: FolderLock;
}

/** Trains to the end or until the signal aborts, and saves. Owns the run's log and threads. */
export async function* runSteps(
  config: TrainingConfig,
  signal: AbortSignal | undefined,
  run: PreparedRun,
): AsyncGenerator<TrainingEvent> {
  const { state, objective } = run;
  const log = await openMetricsLog(run.folder.metrics, state.step);
  const warnings: string[] = [];
  const executors = Array.from({ length: config.workers }, () =>
    createWorkerExecutor({ threads: 1 }),
  );
  const warn = (warning: string): void => void warnings.push(warning);
  const samples = objective.openSamples(warn);
  const watch = createDivergenceWatch();
  const checkpoints = createRunCheckpoints(config, run, log, watch);
  try {
    yield { kind: 'started', step: state.step, parameters: countParameters(objective.graph) };
    const first = state.step * config.batch_size;
    for await (const preparation of objective.prepare?.(first, warn) ?? []) {
      yield* drain(warnings);
      yield { kind: 'preparing', ...preparation };
      if (signal?.aborted) break;
    }
    if (signal?.aborted) {
      yield { kind: 'finished', step: state.step, steps: config.steps };
      return;
    }
    const sessions = await loadSessions(objective, executors);
    const source = shardSource(config, samples);
    if (await lacksValidation(config, run)) yield* validateAndKeep(config, signal, run, log);
    for await (const metrics of train(
      state,
      sessions,
      source,
      run.optimizer,
      trainingPlan(config),
    )) {
      await log.append(metrics);
      yield* drain(warnings);
      yield { kind: 'step', metrics };
      watch.hear(state.step, metrics.loss);
      await checkpoints.settle();
      if (signal?.aborted) break;
      if (isValidationDue(config, state.step)) yield* validateAndKeep(config, signal, run, log);
      if (checkpoints.isDue) yield saved(state, await checkpoints.save());
      if (signal?.aborted) break;
    }
    if (checkpoints.isUnsaved) yield saved(state, await checkpoints.save());
    await checkpoints.settle();
    yield { kind: 'finished', step: state.step, steps: config.steps };
  } catch (error) {
    yield* drain(warnings);
    if (error instanceof DivergedError) await checkpoints.dropSpoilt();
    yield { kind: 'failed', step: state.step, savedStep: await checkpoints.newest() };
    throw error;
  } finally {
    await samples[Symbol.asyncDispose]();
    await Promise.all(executors.map((executor) => executor[Symbol.asyncDispose]()));
    await log[Symbol.asyncDispose]();
    await run.lock[Symbol.asyncDispose]();
  }
}

function saved({ step }: TrainingState, path: string): TrainingEvent {
  return { kind: 'checkpoint', step, path };
}

function* drain(warnings: string[]): Generator<TrainingEvent> {
  for (const message of warnings.splice(0)) yield { kind: 'warning', message };
}

function isValidationDue({ validation, steps }: TrainingConfig, step: number): boolean {
  return validation !== undefined && (step % validation.every_steps === 0 || step === steps);
}

/** Whether the step that a run starts from is one to validate, and has not been: it may have been stopped there. */
async function lacksValidation(
  config: TrainingConfig,
  { state: { step }, folder }: PreparedRun,
): Promise<boolean> {
  const isDue = step === 0 ? config.validation?.at_start === true : isValidationDue(config, step);
  if (!isDue) return false;
  const log = await readMetricsLog(folder.metrics);
  return !log.some((entry) => entry.step === step && 'validation' in entry);
}

async function* validateAndKeep(
  config: TrainingConfig,
  signal: AbortSignal | undefined,
  { state, folder, objective, lock }: PreparedRun,
  log: MetricsLog,
): AsyncGenerator<TrainingEvent> {
  const { step, ema } = state;
  const pictures = join(folder.validation, `step-${String(step).padStart(8, '0')}`);
  const executor = createWorkerExecutor({ threads: config.workers });
  try {
    const report = await objective.validate(executor, ema, { step, pictures, signal });
    if (!report) return;
    await lock.check();
    await log.append(report);
    const best = await keepIfBetter(folder.best, objective.modelFile, ema, report);
    yield { kind: 'validation', report, best };
  } finally {
    await executor[Symbol.asyncDispose]();
  }
}

function shardSource(config: TrainingConfig, samples: SampleStream): ShardSource {
  return (step, shard) => samples.take(step * config.batch_size + shard * shardSize(config));
}

function loadSessions(
  { graph }: Objective,
  executors: readonly WorkerExecutor[],
): Promise<Session[]> {
  const step = gradientGraph(graph);
  return Promise.all(executors.map((executor) => executor.load(step, new Map())));
}

function countParameters({ params }: Graph): number {
  return params.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
