import { expect, it } from 'vitest';
import { createInterpreter, type Graph } from '../graph/index.js';
import { restorer, type RestorerConfig } from '../models/index.js';
import { elementCount, float32, Random, type Weights } from '../tensor/index.js';
import { deepenRestorer } from './deepenRestorer.js';

const shallow: RestorerConfig = {
  scale: 2,
  inChannels: 3,
  baseChannels: 4,
  encoderLayers: 1,
  decoderLayers: 1,
  blockOutChannels: [4, 6],
  layersPerBlock: [1, 1],
  actFn: 'relu',
};
const deep: RestorerConfig = { ...shallow, decoderLayers: 3, layersPerBlock: [2, 1] };
const size = { batch: 1, height: 8, width: 8 };

function randomWeights({ params }: Graph, seed: number): Weights {
  const random = Random.seeded(seed);
  return new Map(
    params.map(({ name, shape }) => [name, float32(shape, random.normals(elementCount(shape)))]),
  );
}

it('a deeper restorer computes what it was made from', async () => {
  const graph = restorer(shallow, size);
  const deeper = restorer(deep, size);
  const weights = randomWeights(graph, 1);
  const grown = deepenRestorer(weights, randomWeights(deeper, 2));
  expect([...grown.keys()].sort()).toEqual(deeper.params.map(({ name }) => name).sort());
  const sample = float32([1, 3, 8, 8], Random.seeded(3).normals(3 * 64));
  const run = async (network: Graph, held: Weights) => {
    await using session = await createInterpreter().load(network, held);
    return await session.run({ sample });
  };
  expect(await run(deeper, grown)).toEqual(await run(graph, weights));
});
