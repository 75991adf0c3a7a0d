import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Feeds, Graph } from '../graph/index.js';
import { restorer, restorerConfig } from '../models/index.js';
import { createWorkerExecutor, type WorkerExecutor } from '../runtime/worker-node.js';
import { Random, castTensor, type Tensor } from '../tensor/index.js';
import { matchWeights } from '../weights/index.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';
import { listCheckpoints, loadCheckpoint, saveCheckpoint } from './checkpoint-node.js';
import type { TrainingConfig } from './config.js';
import { initializeRestorer } from './initialize.js';
import { train, type ShardSource, type StepMetrics } from './loop.js';
import type { WeightedLoss } from './losses.js';
import { trainingGraph } from './objective.js';
import { createOptimizer, type Optimizer, type OptimizerConfig } from './optimizers.js';
import { prefetchPhotoBatches } from './prefetch-node.js';
import { startTraining, type TrainingState } from './state.js';

/** What a run tells while it goes. */
export type TrainingEvent =
  | { readonly kind: 'started'; readonly step: number; readonly parameters: number }
  | { readonly kind: 'step'; readonly metrics: StepMetrics }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly path: string };

export interface TrainingRun {
  readonly state: TrainingState;
  readonly events: AsyncGenerator<TrainingEvent>;
}

export interface TrainingOptions {
  /** Continue from the newest checkpoint of the output folder. */
  readonly resume: boolean;
  /** Ends the run after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a training config: computes in worker threads, appends every step to `metrics.jsonl`, saves
 * checkpoints. A run that was killed and resumed gives bit for bit the weights of one that was not.
 * @throws Error when the output folder holds a run and `resume` was not asked for.
 */
export async function openTraining(
  config: TrainingConfig,
  options: TrainingOptions,
): Promise<TrainingRun> {
  const network = shardNetwork(config);
  const optimizer = createOptimizer(optimizerConfig(config));
  const folder = join(config.output_dir, 'checkpoints');
  const newest = (await listCheckpoints(folder)).at(-1);
  if (newest && !options.resume) {
    throw new Error(
      `${config.output_dir}: expected an empty output folder, got a run (--resume continues it)`,
    );
  }
  const state = newest
    ? await loadCheckpoint(newest, network, optimizer)
    : startTraining(network, await initialWeights(config, network), optimizer);
  await mkdir(folder, { recursive: true });
  return { state, events: runSteps(config, options, { network, optimizer, state, folder }) };
}

interface Prepared {
  readonly network: Graph;
  readonly optimizer: Optimizer;
  readonly state: TrainingState;
  readonly folder: string;
}

async function* runSteps(
  config: TrainingConfig,
  { signal }: TrainingOptions,
  { network, optimizer, state, folder }: Prepared,
): AsyncGenerator<TrainingEvent> {
  const shards = config.workers * config.gradient_accumulation_steps;
  const shardSize = config.batch_size / shards;
  const executors = Array.from({ length: config.workers }, () =>
    createWorkerExecutor({ threads: 1 }),
  );
  const batches = prefetchPhotoBatches(batchOptions(config), shardSize, shards * 2);
  const source: ShardSource = async (step, shard): Promise<Feeds> => ({
    ...(await batches.take(step * config.batch_size + shard * shardSize)),
  });
  const save = async (): Promise<TrainingEvent> => ({
    kind: 'checkpoint',
    step: state.step,
    path: await saveCheckpoint(folder, state, config.checkpoints_total_limit),
  });
  try {
    const sessions = await loadSessions(config, network, executors);
    const parameters = [...state.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    yield { kind: 'started', step: state.step, parameters };
    let saved = performance.now();
    let savedStep = state.step;
    for await (const metrics of train(state, sessions, source, optimizer, plan(config, shards))) {
      await appendFile(join(config.output_dir, 'metrics.jsonl'), `${JSON.stringify(metrics)}\n`);
      yield { kind: 'step', metrics };
      if (signal?.aborted) break;
      if (performance.now() - saved > config.checkpointing_minutes * 60_000) {
        yield await save();
        saved = performance.now();
        savedStep = state.step;
      }
    }
    if (savedStep !== state.step) yield await save();
  } finally {
    await batches[Symbol.asyncDispose]();
    await Promise.all(executors.map((executor) => executor[Symbol.asyncDispose]()));
  }
}

function shardNetwork(config: TrainingConfig): Graph {
  const shards = config.workers * config.gradient_accumulation_steps;
  const { sample_size: side } = config.data;
  const size = { batch: config.batch_size / shards, height: side, width: side };
  return restorer(restorerConfig(config.model), size);
}

function loadSessions(
  config: TrainingConfig,
  network: Graph,
  executors: readonly WorkerExecutor[],
): ReturnType<typeof Promise.all<ReturnType<WorkerExecutor['load']>[]>> {
  const losses = config.loss.map((loss): WeightedLoss => ({ loss, weight: loss.weight }));
  const graph = trainingGraph(network, 'out_sample', losses);
  return Promise.all(executors.map((executor) => executor.load(graph, new Map())));
}

async function initialWeights(
  config: TrainingConfig,
  network: Graph,
): Promise<ReadonlyMap<string, Tensor>> {
  if (config.initial_weights === undefined) {
    return initializeRestorer(network, Random.seeded(config.seed));
  }
  const { tensors } = await readSafetensorsFile(config.initial_weights);
  matchWeights(network.params, tensors);
  return new Map([...tensors].map(([name, value]) => [name, castTensor(value, 'float32')]));
}

function batchOptions({ data, seed, model }: TrainingConfig) {
  return {
    folders: data.photos,
    sampleSize: data.sample_size,
    scale: model.scale,
    degradation: data.degradation,
    seed,
    cacheBytes: data.cache_megabytes * 1e6,
  };
}

function plan(config: TrainingConfig, shards: number) {
  return {
    totalSteps: config.steps,
    learningRate: config.learning_rate,
    schedule: {
      kind: config.lr_scheduler,
      warmupSteps: config.lr_warmup_steps,
      finalFactor: config.lr_final_factor,
    },
    clipNorm: config.max_grad_norm ?? null,
    emaDecay: config.ema_decay,
    shards,
  };
}

function optimizerConfig({ optimizer }: TrainingConfig): OptimizerConfig {
  return optimizer.kind === 'adamw'
    ? { ...optimizer, weightDecay: optimizer.weight_decay }
    : optimizer;
}
