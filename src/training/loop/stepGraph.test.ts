import { describe, expect, it } from 'vitest';
import {
  createInterpreter,
  GraphBuilder,
  verifyGraph,
  type Executor,
  type Feeds,
  type Graph,
} from '../../graph/index.js';
import { createNodeExecutor } from '../../runtime/ort-node.js';
import { Random, tensor, toFloat32, type Tensor } from '../../tensor/index.js';
import { initializeWeights } from '../objectives/initialize.js';
import { train } from './loop.js';
import { trainingGraph } from './trainingGraph.js';
import { createOptimizer, type OptimizerConfig } from '../optimizers/optimizers.js';
import { startTraining, type TrainingState } from './state.js';
import { stateFeeds, stepGraph, updateFeeds, updateGraph, type UpdatePlan } from './stepGraph.js';

const betas = [0.9, 0.999] as const;
const optimizers: Record<string, OptimizerConfig> = {
  adamw: { kind: 'adamw', betas, eps: 1e-8, weightDecay: 0.1 },
  adam: { kind: 'adam', betas: [0.8, 0.95], eps: 1e-4 },
  sgd: { kind: 'sgd', momentum: 0.9 },
  'sgd without momentum': { kind: 'sgd', momentum: 0 },
};
const executors: [string, () => Executor][] = [
  ['the interpreter', createInterpreter],
  ['onnxruntime-node', () => createNodeExecutor({ threads: 1 })],
];
const learningRate = 0.01;
const losses = [{ loss: { kind: 'l2' } as const, weight: 1 }];

/** A convolution, a ReLU and another convolution: params of rank 4 and 1. */
function network(): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [2, 2, 5, 5]);
  const pads = { pads: [1, 1, 1, 1] as const };
  const first = b.conv(sample, b.param('a.weight', [4, 2, 3, 3]), b.param('a.bias', [4]), pads);
  const out = b.conv(
    b.relu(first),
    b.param('b.weight', [2, 4, 3, 3]),
    b.param('b.bias', [2]),
    pads,
  );
  return b.build({ out });
}

function begin(config: OptimizerConfig): TrainingState {
  const graph = network();
  const weights = initializeWeights(graph, Random.seeded(2), () => 1);
  return startTraining(graph, weights, createOptimizer(config));
}

function batch(step: number): Feeds {
  const random = Random.seeded(9, step);
  const make = (): Tensor => tensor('float32', [2, 2, 5, 5], random.normals(100));
  return { sample: make(), target: make() };
}

/** Runs the fused step `steps` times, each fed with what the one before gave. */
async function runFused(executor: Executor, plan: UpdatePlan, steps: number): Promise<Feeds[]> {
  const graph = stepGraph(network(), 'out', losses, plan);
  verifyGraph(graph);
  const session = await executor.load(graph, new Map());
  const history: Feeds[] = [];
  let state = stateFeeds(begin(plan.optimizer));
  for (let step = 1; step <= steps; step++) {
    const scalars = updateFeeds(plan, { learningRate, step });
    const outputs = await session.run({ ...state, ...scalars, ...batch(step - 1) });
    state = Object.fromEntries(
      Object.keys(state).map((name): [string, Tensor] => [name, outputs[`next:${name}`]]),
    );
    history.push(outputs);
  }
  await session[Symbol.asyncDispose]();
  return history;
}

function expectClose(actual: Tensor, expected: ArrayLike<number>, name: string): void {
  const found = toFloat32(actual);
  const largest = found.reduce((worst, value, i) => {
    return Math.max(worst, Math.abs(value - expected[i]) / (1 + Math.abs(expected[i])));
  }, 0);
  expect(largest, name).toBeLessThan(2e-6);
}

describe.each(executors)('on %s', (_, createExecutor) => {
  describe.each(Object.entries(optimizers))('a fused step of %s', (_, optimizer) => {
    it.each([null, 0.5])('gives what the loop gives, clipped at %s', async (clipNorm) => {
      const plan: UpdatePlan = { optimizer, clipNorm, emaDecay: 0.9 };
      const state = begin(optimizer);
      const objective = trainingGraph(network(), 'out', losses);
      const session = await createExecutor().load(objective, new Map());
      const source = (step: number): Promise<Feeds> => Promise.resolve(batch(step));
      const fused = await runFused(createExecutor(), plan, 5);
      const schedule = { kind: 'constant' as const, warmupSteps: 0, finalFactor: 1 };
      const loop = { totalSteps: 5, learningRate, schedule, clipNorm, emaDecay: 0.9, shards: 1 };
      const steps = train(state, [session], source, createOptimizer(optimizer), loop);
      for await (const { step, loss, gradientNorm } of steps) {
        const outputs = fused[step - 1];
        expectClose(outputs.loss, [loss], 'loss');
        expectClose(outputs.gradient_norm, [gradientNorm], 'gradient norm');
        for (const [name, expected] of Object.entries(stateFeeds(state))) {
          expectClose(outputs[`next:${name}`], toFloat32(expected), `${name} after ${step}`);
        }
      }
      expect(state.step).toBe(5);
    });
  });
});

describe('updateGraph', () => {
  it('is the update alone, given gradients', async () => {
    const config = optimizers.adamw;
    const plan: UpdatePlan = { optimizer: config, clipNorm: 1, emaDecay: 0.99 };
    const graph = updateGraph(network().params, plan);
    verifyGraph(graph);
    const state = begin(config);
    const random = Random.seeded(4);
    const gradients = Object.fromEntries(
      [...state.weights].map(([name, { shape, data }]) => [
        `grad:${name}`,
        tensor('float32', shape, random.normals(data.length)),
      ]),
    );
    const session = await createInterpreter().load(graph, new Map());
    const scalars = updateFeeds(plan, { learningRate, step: 1 });
    const outputs = await session.run({ ...stateFeeds(state), ...gradients, ...scalars });
    const squares = Object.values(gradients).flatMap(({ data }) => [...data].map((g) => g * g));
    expectClose(outputs.gradient_norm, [Math.sqrt(squares.reduce((a, b) => a + b))], 'norm');
    // Adam's first step goes by the learning rate against each gradient's sign, after the decay.
    for (const [name, { data }] of state.weights) {
      const sign = toFloat32(gradients[`grad:${name}`]).map(Math.sign);
      const expected = data.map((value, i) => value * (1 - 0.01 * 0.1) - 0.01 * sign[i]);
      toFloat32(outputs[`next:${name}`]).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 5);
      });
    }
  });
});
