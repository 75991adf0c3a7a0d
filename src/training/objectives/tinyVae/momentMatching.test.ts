import { describe, expect, it } from 'vitest';
import { createInterpreter, type Feeds, type Graph } from '../../../graph/index.js';
import {
  networkParams,
  parseNetwork,
  type AutoencoderKLConfig,
  type GaussianAutoencoder,
} from '../../../models/index.js';
import { Random, tensor, toFloat64, type Tensor, type Weights } from '../../../tensor/index.js';
import { initializeNanosdAutoencoder, initializeWeights } from '../initialize.js';
import { momentMatchingGraph, teacherMomentsGraph } from './momentMatching.js';
import { gradientGraph } from '../../loop/trainingGraph.js';

const config: AutoencoderKLConfig = {
  inChannels: 3,
  outChannels: 3,
  latentChannels: 2,
  blockOutChannels: [4, 4],
  layersPerBlock: 1,
  normNumGroups: 2,
  midBlockAddAttention: false,
  scalingFactor: 0.5,
};
const teacher = { className: 'AutoencoderKL', config } as const;
const small = parseNetwork(
  {
    _class_name: 'NanoSDAutoencoder',
    encoder_block_out_channels: [4, 4],
    decoder_block_out_channels: [4, 4],
    encoder_layers_per_block: [1, 1],
    decoder_layers_per_block: [1, 1],
    latent_channels: 2,
    scaling_factor: 0.5,
  },
  ['NanoSDAutoencoder'],
  'vae',
);
const size = { batch: 2, side: 4 };
const random = Random.seeded(1);
const sample = tensor('float32', [2, 3, 4, 4], random.normals(96).map(Math.abs));
const noise = tensor('float32', [2, 2, 2, 2], random.normals(16));
const weights = initialized(teacher);

function initialized(network: GaussianAutoencoder): Map<string, Tensor<'float32'>> {
  const graph: Graph = {
    inputs: [],
    params: networkParams(network),
    nodes: [],
    outputs: {},
    taps: [],
  };
  return initializeWeights(graph, Random.seeded(2), () => 1);
}

async function compute(graph: Graph, held: Weights, feeds: Feeds): Promise<Feeds> {
  await using session = await createInterpreter().load(graph, held);
  return await session.run(feeds);
}

const taught = (decodes: boolean): Promise<Feeds> =>
  compute(teacherMomentsGraph(teacher, size, decodes), weights, { sample, noise });

function lossGraph(student: GaussianAutoencoder, momentsWeight: number, decoderWeight = 0): Graph {
  const losses = [{ loss: { kind: 'l1' }, weight: 1 }] as const;
  return momentMatchingGraph(student, { ...size, momentsWeight, losses, decoderWeight });
}

async function lossOf(graph: Graph, held: Weights, feeds: Feeds): Promise<number> {
  return toFloat64((await compute(graph, held, { sample, ...feeds })).loss)[0];
}

describe('what a teacher tells of a picture', () => {
  it('is a draw from its own moments', async () => {
    const { mean, std, latents } = await taught(false);
    const [m, s, z] = [mean, std, latents].map(toFloat64);
    z.forEach((value, i) => expect(value).toBeCloseTo(m[i] + s[i] * noise.data[i], 5));
  });
});

describe('moment matching', () => {
  it('finds nothing wrong with the teacher itself but its reconstruction', async () => {
    const told = await taught(true);
    const decoded = toFloat64(told.decoded);
    const off = toFloat64(sample).map((value, i) => Math.abs(2 * value - 1 - decoded[i]));
    const reconstruction = off.reduce((sum, value) => sum + value, 0) / off.length;
    expect(await lossOf(lossGraph(teacher, 5, 3), weights, told)).toBeCloseTo(reconstruction, 5);
  });

  it('is the square of what mean and deviation are off by, on the scale of the U-Net', async () => {
    const told = await taught(false);
    const shifted = new Map(weights);
    const bias = Float32Array.of(0.25, 0.25, 0, 0);
    shifted.set('quant_conv.bias', tensor('float32', [4], bias));
    const [right, wrong] = [
      await lossOf(lossGraph(teacher, 2), weights, told),
      await lossOf(lossGraph(teacher, 2), shifted, told),
    ];
    expect(wrong - right).toBeCloseTo(2 * 0.5 ** 2 * 0.25 ** 2, 5);

    const doubled = new Map(weights);
    doubled.set('quant_conv.bias', tensor('float32', [4], Float32Array.of(0, 0, 2, 2)));
    const squares = toFloat64(told.std).map((std) => (std * (Math.E - 1)) ** 2);
    const expected = squares.reduce((sum, value) => sum + value, 0) / squares.length;
    const wider = await lossOf(lossGraph(teacher, 2), doubled, told);
    expect((wider - right) / (2 * 0.5 ** 2 * expected)).toBeCloseTo(1, 4);
  });

  it('has a gradient for every param of a student', async () => {
    const forward = lossGraph(small, 1);
    const held = initializeNanosdAutoencoder(forward, Random.seeded(3));
    const { decoded, ...told } = await taught(true);
    expect(decoded.shape).toEqual([2, 3, 4, 4]);
    const feeds = { sample, ...told, ...Object.fromEntries(held) };
    const gradients = await compute(gradientGraph(forward), new Map(), feeds);
    const silent = [...held.keys()].filter((name) =>
      toFloat64(gradients[`grad:${name}`]).every((value) => value === 0),
    );
    expect(silent).toEqual([]);
  });
});
