import { describe, expect, it } from 'vitest';
import { createInterpreter, type Feeds } from '../../../graph/index.js';
import type { AutoencoderKLConfig } from '../../../models/index.js';
import { Random, tensor, toFloat64 } from '../../../tensor/index.js';
import { autoencoderLossGraph, latentNoiseShape } from './loss.js';
import { initializeAutoencoder } from './initialize.js';
import { gradientGraph } from '../../loop/trainingGraph.js';

const config: AutoencoderKLConfig = {
  inChannels: 3,
  outChannels: 3,
  latentChannels: 2,
  blockOutChannels: [4, 4],
  layersPerBlock: 1,
  normNumGroups: 2,
  midBlockAddAttention: true,
  scalingFactor: 1,
};
const size = { batch: 2, side: 4 };
const graphOf = (klWeight: number) =>
  autoencoderLossGraph(config, {
    ...size,
    losses: [{ loss: { kind: 'l2' }, weight: 1 }],
    klWeight,
  });
const weights = initializeAutoencoder(graphOf(1), config, Random.seeded(1));
const random = Random.seeded(2);
const feeds: Feeds = {
  sample: tensor('float32', [2, 3, 4, 4], random.normals(96).map(Math.abs)),
  noise: tensor('float32', latentNoiseShape(config, size), random.normals(16)),
};

async function lossOf(klWeight: number, fed = feeds): Promise<number> {
  await using session = await createInterpreter().load(graphOf(klWeight), weights);
  return toFloat64((await session.run(fed)).loss)[0];
}

describe('the loss of an autoencoder', () => {
  it('weighs the divergence of latents by the values of a crop', async () => {
    const [none, one, three] = [await lossOf(0), await lossOf(1), await lossOf(3)];
    // Latents begin with a log-variance of about -8 and small means: (e^-6 - 1 + 6) / 2 for each of 8, over 48.
    expect(one - none).toBeGreaterThan(0.5);
    expect(one - none).toBeLessThan(0.75);
    expect(three - none).toBeCloseTo(3 * (one - none), 5);
  });

  it('depends on the noise, a little at first', async () => {
    const still = { ...feeds, noise: tensor('float32', feeds.noise.shape, new Float32Array(16)) };
    const [moved, fixed] = [await lossOf(0), await lossOf(0, still)];
    expect(moved).not.toBe(fixed);
    expect(Math.abs(moved - fixed)).toBeLessThan(0.2 * fixed);
  });

  it('has a gradient for every param', async () => {
    const graph = gradientGraph(graphOf(0.5));
    await using session = await createInterpreter().load(graph, new Map());
    const outputs = await session.run({ ...feeds, ...Object.fromEntries(weights) });
    const silent = [...weights.keys()].filter((name) =>
      (outputs[`grad:${name}`].data as Float32Array).every((value) => value === 0),
    );
    // The keys' bias shifts all scores of a query alike.
    expect(silent.filter((name) => !name.endsWith('to_k.bias'))).toEqual([]);
  });
});
