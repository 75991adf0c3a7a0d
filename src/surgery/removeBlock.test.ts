import { expect, it } from 'vitest';
import { createInterpreter, type Graph } from '../graph/index.js';
import { restorer, type RestorerConfig } from '../models/index.js';
import { elementCount, float32, Random, zeros, type Weights } from '../tensor/index.js';
import { removeBlock } from './removeBlock.js';

const config: RestorerConfig = {
  scale: 2,
  inChannels: 3,
  baseChannels: 4,
  encoderLayers: 1,
  decoderLayers: 1,
  blockOutChannels: [6],
  layersPerBlock: [3],
  actFn: 'relu',
};
const size = { batch: 1, height: 6, width: 6 };
const graph = restorer(config, size);
const random = Random.seeded(1);
const weights: Weights = new Map(
  graph.params.map(({ name, shape }) => [
    name,
    float32(shape, random.normals(elementCount(shape))),
  ]),
);

it('leaves a network that computes the same when the block added nothing', async () => {
  const block = 'unet.down_blocks.0.resnets.1';
  const silent: Weights = new Map(
    [...weights].map(([name, held]) => [
      name,
      name.startsWith(`${block}.conv2`) ? zeros(held.dtype, held.shape) : held,
    ]),
  );
  const shorter = restorer({ ...config, layersPerBlock: [2] }, size);
  const left = removeBlock(silent, block);
  expect([...left.keys()].sort()).toEqual(shorter.params.map(({ name }) => name).sort());
  const sample = float32([1, 3, 6, 6], random.normals(3 * 36));
  const run = async (network: Graph, held: Weights) => {
    await using session = await createInterpreter().load(network, held);
    return await session.run({ sample });
  };
  expect(await run(shorter, left)).toEqual(await run(graph, silent));
});

it('says which blocks there are', () => {
  expect(() => removeBlock(weights, 'decoder.layers.4')).toThrow(
    'expected one of encoder.layers.0, unet.down_blocks.0.resnets.0, unet.down_blocks.0.resnets.1, ' +
      'unet.down_blocks.0.resnets.2, decoder.layers.0, got decoder.layers.4',
  );
});
