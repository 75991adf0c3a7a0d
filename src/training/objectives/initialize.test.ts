import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Graph } from '../../graph/index.js';
import { restorer } from '../../models/index.js';
import { Random } from '../../tensor/index.js';
import { initializeRestorer, initializeWeights } from './initialize.js';
import { trainingGraph } from '../loop/trainingGraph.js';
import { createOptimizer } from '../optimizers/optimizers.js';
import { startTraining } from '../loop/state.js';

function network(): Graph {
  const b = new GraphBuilder();
  const weight = b.param('conv.weight', [64, 32, 3, 3]);
  const x = b.conv(b.input('sample', [1, 32, 4, 4]), weight, b.param('conv.bias', [64]));
  const out = b.apply('groupNorm', [x, b.param('norm1.weight', [64]), b.param('norm1.bias', [64])], { groups: 4, eps: 1e-5 }); // prettier-ignore
  return b.build({ out });
}

const deviationOf = (data: Float32Array): number =>
  Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);

describe('initializeWeights', () => {
  it('gives kernels the variance of their fan-in, norms the identity, biases zero', () => {
    const weights = initializeWeights(network(), Random.seeded(1), () => Math.SQRT2);
    const data = (name: string): Float32Array => weights.get(name)?.data ?? new Float32Array();
    expect(deviationOf(data('conv.weight'))).toBeCloseTo(Math.sqrt(2 / (32 * 9)), 3);
    expect(new Set(data('norm1.weight'))).toEqual(new Set([1]));
    for (const name of ['conv.bias', 'norm1.bias']) expect(new Set(data(name))).toEqual(new Set([0])); // prettier-ignore
  });

  it('gives the same for the same seed', () => {
    const make = (seed: number) => initializeWeights(network(), Random.seeded(seed), () => 1);
    expect(make(3)).toEqual(make(3));
    expect(make(3)).not.toEqual(make(4));
  });

  it('starts a restorer with small residual branches', () => {
    const config = {
      scale: 2,
      inChannels: 3,
      baseChannels: 32,
      encoderLayers: 1,
      decoderLayers: 0,
      blockOutChannels: [32],
      layersPerBlock: [0],
      actFn: 'relu' as const,
    };
    const graph = restorer(config, { batch: 1, height: 4, width: 4 });
    const weights = initializeRestorer(graph, Random.seeded(1));
    const deviation = (name: string): number =>
      deviationOf(weights.get(`${name}.weight`)?.data ?? new Float32Array()) * Math.sqrt(32 * 9);
    expect(deviation('encoder.layers.0.conv1')).toBeCloseTo(Math.SQRT2, 1);
    expect(deviation('encoder.layers.0.conv2')).toBeCloseTo(0.1, 2);
    expect(deviation('decoder.conv_out')).toBeCloseTo(0.01, 3);
  });
});

describe('trainingGraph', () => {
  const losses = [{ loss: { kind: 'l1' } as const, weight: 1 }];

  it('takes the params as inputs, and gives the loss and a gradient for each', () => {
    const graph = trainingGraph(network(), 'out', losses);
    const names = network().params.map(({ name }) => name);
    expect(graph.params).toEqual([]);
    expect(graph.inputs.map(({ name }) => name).sort()).toEqual(
      ['sample', 'target', ...names].sort(),
    );
    expect(Object.keys(graph.outputs)).toEqual(['loss', ...names.map((name) => `grad:${name}`)]);
    for (const { name, shape } of network().params) {
      expect(graph.outputs[`grad:${name}`].shape).toEqual(shape);
    }
  });

  it('names the outputs there are', () => {
    expect(() => trainingGraph(network(), 'sample', losses)).toThrow(
      'expected an output named sample, got out',
    );
  });
});

describe('startTraining', () => {
  const optimizer = createOptimizer({ kind: 'sgd', momentum: 0.9 });

  it('copies the weights, so that they stay as they were', () => {
    const weights = initializeWeights(network(), Random.seeded(1), () => 1);
    const state = startTraining(network(), weights, optimizer);
    state.weights.get('norm1.weight')?.data.fill(7);
    expect(weights.get('norm1.weight')?.data[0]).toBe(1);
    expect(state.ema.get('norm1.weight')?.data[0]).toBe(1);
    expect([...state.moments.keys()]).toEqual(['momentum_buffer']);
  });

  it('names a weight that is missing', () => {
    expect(() => startTraining(network(), new Map(), optimizer)).toThrow(
      'conv.weight: expected a float32 weight, got nothing',
    );
  });
});
