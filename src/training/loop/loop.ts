import type { Feeds, Session } from '../../graph/index.js';
import { tensor, type Tensor } from '../../tensor/index.js';
import { DivergedError } from './divergence.js';
import { averageGradient, clipFactor } from './gradients.js';
import { emaRate, type Optimizer } from '../optimizers/optimizers.js';
import { scheduleFactor, type ScheduleConfig } from '../optimizers/schedules.js';
import type { TrainingState } from './state.js';

/** What one step reports. */
export interface StepMetrics {
  /** Updates done, including this one. */
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  /** L2 norm of all gradients, before clipping. */
  readonly gradientNorm: number;
  /** Milliseconds of the whole step, and the part spent waiting for data. */
  readonly ms: number;
  readonly dataMs: number;
}

export interface TrainingPlan {
  readonly totalSteps: number;
  readonly learningRate: number;
  readonly schedule: ScheduleConfig;
  /** Null: gradients are not clipped. */
  readonly clipNorm: number | null;
  readonly emaDecay: number;
  /** Equal parts that the batch of one step is computed in. */
  readonly shards: number;
}

/** Gives shard `shard` of the batch of 0-based step `step`. */
export type ShardSource = (step: number, shard: number) => Promise<Feeds>;

/**
 * Trains, one update an iteration, changing `state` in place. Sessions run `trainingGraph`; with several
 * of them the shards of a batch are computed side by side (data parallel), and gradients are summed in
 * shard order, so that the result does not depend on who finishes first. Stop by leaving the loop:
 * between iterations the state is whole.
 * @throws DivergedError when the loss or a gradient is no longer finite; `state` is then that of the step before.
 */
export async function* train(
  state: TrainingState,
  sessions: readonly Session[],
  source: ShardSource,
  optimizer: Optimizer,
  plan: TrainingPlan,
): AsyncGenerator<StepMetrics> {
  const publish = sharedCopy(state.weights);
  while (state.step < plan.totalSteps) {
    const begun = performance.now();
    const weights = publish();
    const shards = await computeShards(state.step, weights, sessions, source, plan.shards);
    const batch = averageShards(state, shards.results);
    const { loss, gradientNorm } = batch;
    requireFinite(state, 'loss', loss);
    requireFinite(state, 'gradient norm', gradientNorm);
    const factor = scheduleFactor(plan.schedule, state.step, plan.totalSteps);
    const learningRate = plan.learningRate * factor;
    applyUpdate(state, batch, optimizer, learningRate, plan);
    const ms = performance.now() - begun;
    yield { step: state.step, loss, learningRate, gradientNorm, ms, dataMs: shards.dataMs };
  }
}

function requireFinite({ step }: TrainingState, name: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new DivergedError(`expected a finite ${name} in step ${step + 1}, got ${value}`);
  }
}

/**
 * A function that gives the weights as they are now, in memory that threads share: sending them to a thread
 * then copies nothing in this one, on which every other thread waits.
 */
function sharedCopy(weights: TrainingState['weights']): () => Feeds {
  const shared = [...weights].map(([name, { shape, data }]) => {
    const copy = new Float32Array(new SharedArrayBuffer(data.byteLength));
    return { name, source: data, copy, fed: tensor('float32', shape, copy) };
  });
  const feeds = Object.fromEntries(shared.map(({ name, fed }) => [name, fed]));
  return () => {
    for (const { source, copy } of shared) copy.set(source);
    return feeds;
  };
}

async function computeShards(
  step: number,
  weights: Feeds,
  sessions: readonly Session[],
  source: ShardSource,
  count: number,
): Promise<{ results: Feeds[]; dataMs: number }> {
  const results = new Array<Feeds>(count);
  let dataMs = 0;
  const work = sessions.map(async (session, worker) => {
    for (let shard = worker; shard < count; shard += sessions.length) {
      const asked = performance.now();
      const batch = await source(step, shard);
      dataMs += (performance.now() - asked) / sessions.length;
      results[shard] = await session.run({ ...weights, ...batch });
    }
  });
  await Promise.all(work);
  return { results, dataMs };
}

/** What a whole batch gives, by parameter. */
export interface BatchGradients {
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** L2 norm of all of them. */
  readonly gradientNorm: number;
}

function averageShards(
  state: TrainingState,
  results: readonly Feeds[],
): BatchGradients & { readonly loss: number } {
  const share = 1 / results.length;
  const loss = results.reduce((sum, { loss }) => sum + floats(loss)[0] * share, 0);
  const gradients = new Map<string, Float32Array>();
  let squares = 0;
  for (const name of state.weights.keys()) {
    const parts = results.map((result) => floats(result[`grad:${name}`]));
    squares += averageGradient(parts);
    gradients.set(name, parts[0]);
  }
  return { loss, gradients, gradientNorm: Math.sqrt(squares) };
}

/** One update of everything in `state`, in place: clips, steps and averages. */
export function applyUpdate(
  state: TrainingState,
  { gradients, gradientNorm }: BatchGradients,
  optimizer: Optimizer,
  learningRate: number,
  { clipNorm, emaDecay }: Pick<TrainingPlan, 'clipNorm' | 'emaDecay'>,
): void {
  state.step += 1;
  const { step } = state;
  const gradientScale = clipFactor(gradientNorm, clipNorm ?? Infinity);
  const at = { learningRate, step, gradientScale, averageRate: emaRate(emaDecay, step) };
  const slots = optimizer.slots.map((slot) => state.moments.get(slot));
  for (const [name, gradient] of gradients) {
    const param = floats(state.weights.get(name));
    const average = floats(state.ema.get(name));
    const moments = slots.map((slot) => floats(slot?.get(name)));
    optimizer.update({ param, average, moments }, gradient, at);
  }
}

function floats(value: Tensor | undefined): Float32Array {
  if (!(value?.data instanceof Float32Array)) {
    throw new Error(`expected a float32 tensor, got ${value?.dtype ?? 'nothing'}`);
  }
  return value.data;
}
