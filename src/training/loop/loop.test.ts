import { describe, expect, it } from 'vitest';
import { createInterpreter, GraphBuilder, type Feeds, type Graph } from '../../graph/index.js';
import { float32, Random, type Tensor } from '../../tensor/index.js';
import { initializeWeights } from '../objectives/initialize.js';
import { train, type ShardSource, type StepMetrics, type TrainingPlan } from './loop.js';
import { trainingGraph } from './trainingGraph.js';
import { createOptimizer } from '../optimizers/optimizers.js';
import { startTraining, type TrainingState } from './state.js';

const optimizer = createOptimizer({ kind: 'sgd', momentum: 0.9 });
const plan: TrainingPlan = {
  totalSteps: 4,
  learningRate: 0.05,
  schedule: { kind: 'constant', warmupSteps: 0, finalFactor: 1 },
  clipNorm: null,
  emaDecay: 0.9,
  shards: 1,
};

/** y = W x + b on `batch` columns. */
function linear(batch: number): Graph {
  const b = new GraphBuilder();
  const product = b.matmul(b.param('weight', [2, 3]), b.input('sample', [3, batch]));
  return b.build({ out: b.add(product, b.param('bias', [2, 1])) });
}

const samples = 4;

/** Samples `first` on: columns that depend on their index alone. */
function columns(first: number, count: number): Feeds {
  const fill = (rows: number, stream: number): Tensor => {
    const table = Array.from({ length: count }, (_, i) =>
      Random.seeded(first + i, stream).normals(rows),
    );
    const at = (i: number): number => table[i % count][Math.floor(i / count)];
    return float32(
      [rows, count],
      Array.from({ length: rows * count }, (_, i) => at(i)),
    );
  };
  return { sample: fill(3, 1), target: fill(2, 2) };
}

const sharded =
  (shards: number): ShardSource =>
  (step, shard) =>
    Promise.resolve(columns(step * samples + (shard * samples) / shards, samples / shards));

function begin(): TrainingState {
  const network = linear(1);
  return startTraining(
    network,
    initializeWeights(network, Random.seeded(1), () => 1),
    optimizer,
  );
}

async function run(
  sessions: number,
  changes: Partial<TrainingPlan> = {},
  source = sharded(changes.shards ?? 1),
): Promise<{ state: TrainingState; metrics: StepMetrics[] }> {
  const merged = { ...plan, ...changes };
  const losses = [{ loss: { kind: 'l2' } as const, weight: 1 }];
  const graph = trainingGraph(linear(samples / merged.shards), 'out', losses);
  const loaded = await Promise.all(
    Array.from({ length: sessions }, () => createInterpreter().load(graph, new Map())),
  );
  const state = begin();
  const metrics: StepMetrics[] = [];
  for await (const step of train(state, loaded, source, optimizer, merged)) metrics.push(step);
  return { state, metrics };
}

const weightsOf = ({ weights }: TrainingState): number[] =>
  [...weights.values()].flatMap(({ data }) => [...data]);

describe('train', () => {
  it('reports every update', async () => {
    const { metrics } = await run(1);
    expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    for (const { loss, learningRate, gradientNorm, ms, dataMs } of metrics) {
      expect(learningRate).toBe(0.05);
      expect(Math.min(loss, gradientNorm)).toBeGreaterThan(0);
      expect(dataMs).toBeLessThanOrEqual(ms);
    }
  });

  it('takes the step that the gradient says', async () => {
    const state = begin();
    const before = weightsOf(state);
    const graph = trainingGraph(linear(samples), 'out', [{ loss: { kind: 'l2' }, weight: 1 }]);
    const session = await createInterpreter().load(graph, new Map());
    const feeds = { ...Object.fromEntries(state.weights), ...columns(0, samples) };
    const { 'grad:weight': weight, 'grad:bias': bias } = await session.run(feeds);
    const gradient = [...(weight.data as Float32Array), ...(bias.data as Float32Array)];
    const after = weightsOf((await run(1, { totalSteps: 1 })).state);
    after.forEach((value, i) => expect(value).toBeCloseTo(before[i] - 0.05 * gradient[i], 6));
  });

  it('computes the same update from shards of the batch, on any number of sessions', async () => {
    const whole = weightsOf((await run(1)).state);
    const shards = weightsOf((await run(1, { shards: 4 })).state);
    whole.forEach((value, i) => expect(shards[i]).toBeCloseTo(value, 6));
    for (const sessions of [2, 3, 4]) {
      expect(weightsOf((await run(sessions, { shards: 4 })).state)).toEqual(shards);
    }
  });

  it('does not depend on which shard is ready first', async () => {
    const delayed: ShardSource = async (step, shard) => {
      await new Promise((resolve) => setTimeout(resolve, (3 - shard) * 4));
      return sharded(4)(step, shard);
    };
    const even = weightsOf((await run(4, { shards: 4 })).state);
    expect(weightsOf((await run(4, { shards: 4 }, delayed)).state)).toEqual(even);
  });

  it('clips by the norm that it reports', async () => {
    const { metrics } = await run(1, { totalSteps: 1 });
    const free = weightsOf((await run(1, { totalSteps: 1 })).state);
    const clipped = weightsOf((await run(1, { totalSteps: 1, clipNorm: 1e-3 })).state);
    const start = weightsOf(begin());
    const factor = 1e-3 / (metrics[0].gradientNorm + 1e-6);
    start.forEach((value, i) => {
      expect(clipped[i] - value).toBeCloseTo((free[i] - value) * factor, 6);
    });
  });

  it.each([
    ['loss', 'loss', float32([], [NaN]), 'NaN'],
    ['gradient norm', 'grad:bias', float32([2, 1], [-Infinity, 0]), 'Infinity'],
  ])('stops at a %s that is not finite, with the state of the step before', async (...given) => {
    const [what, output, value, shown] = given;
    const graph = trainingGraph(linear(samples), 'out', [{ loss: { kind: 'l2' }, weight: 1 }]);
    const session = await createInterpreter().load(graph, new Map());
    const state = begin();
    const spoiled = {
      ...session,
      run: async (feeds: Feeds) => {
        const outputs = await session.run(feeds);
        return state.step < 2 ? outputs : { ...outputs, [output]: value };
      },
    };
    const all = async (): Promise<void> => {
      for await (const { step } of train(state, [spoiled], sharded(1), optimizer, plan)) {
        expect(step).toBeLessThan(3);
      }
    };
    await expect(all()).rejects.toThrow(`expected a finite ${what} in step 3, got ${shown}`);
    expect(state.step).toBe(2);
    expect(weightsOf(state)).toEqual(weightsOf((await run(1, { totalSteps: 2 })).state));
  });
});
