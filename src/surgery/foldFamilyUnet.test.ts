import { expect, it } from 'vitest';
import { createInterpreter, GraphBuilder, type Graph } from '../graph/index.js';
import {
  buildUnetExit,
  buildUnetTrunk,
  nanosdRestorer,
  nanosdUnet,
  restorerNormStatistics,
  type NanosdRestorerConfig,
  type StagedUnetConfig,
} from '../models/index.js';
import { conv2d, foldedContext, groupNorms } from '../nn/index.js';
import {
  elementCount,
  float32,
  Random,
  tensor,
  toFloat32,
  toFloat64,
  type Tensor,
} from '../tensor/index.js';
import { foldConditioning, foldNorms, normStatistics } from './foldFamilyUnet.js';

const unet: StagedUnetConfig = {
  ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0 },
  ...{ normNumGroups: 2, normEps: 1e-5, crossAttentionDim: 6, midBlock: true },
  levels: [4, 8].map((channels, level) => ({
    ...{ channels, heads: 2, skipSlots: 2, upSkips: [level === 0 ? 1 : 0] },
    down: [{ attends: level === 0 }],
    up: [{ attends: level === 1 }],
  })),
};

function weightsOf(graph: Graph): Map<string, Tensor<'float32'>> {
  const random = Random.seeded(5);
  return new Map(
    graph.params.map(({ name, shape }) => {
      const fanIn = Math.max(1, elementCount(shape.slice(1)));
      const drawn = random.normals(elementCount(shape)).map((value) => value / Math.sqrt(fanIn));
      return [name, tensor('float32', shape, drawn)];
    }),
  );
}

const normal = (shape: readonly number[], seed: number): Tensor<'float32'> =>
  tensor('float32', shape, Random.seeded(seed).normals(elementCount(shape)));

const asSource = (weights: ReadonlyMap<string, Tensor>) => ({
  entries: new Map([...weights].map(([name, { dtype, shape }]) => [name, { dtype, shape }])),
  read: (name: string) => Promise.resolve(weights.get(name) ?? float32([0], [])),
});

function largestDifference(a: Tensor, b: Tensor): number {
  const [x, y] = [toFloat32(a), toFloat32(b)];
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i])), 0);
}

it('builds time and prompt into the weights of a U-Net', async () => {
  const size = { batch: 1, height: 4, width: 4, contextTokens: 3 };
  const whole = { ...nanosdUnet(unet, size), taps: [] };
  const weights = weightsOf(whole);
  const [sample, prompt] = [normal([1, 4, 4, 4], 1), normal([1, 3, 6], 2)];
  const timestep = float32([1], [137]);
  await using session = await createInterpreter().load(whole, weights);
  const { out_sample: expected } = await session.run({ sample, timestep, encoder_hidden_states: prompt }); // prettier-ignore

  const b = new GraphBuilder();
  const first = conv2d(b, 'conv_in', b.input('sample', [1, 4, 4, 4]), 4);
  const last = buildUnetTrunk(b, unet, first, {
    ...{ temb: null, norm: groupNorms(2), eps: 1e-5 },
    crossAttentionContext: (name, channels) => foldedContext(b, name, 3, channels),
  });
  const constant = { ...b.build({ out_sample: buildUnetExit(b, unet, last) }), taps: [] };
  const folded = await foldConditioning(
    { config: unet, weights: asSource(weights) },
    { timestep: 137, encoderHiddenStates: prompt },
  );
  expect([...folded.keys()].sort()).toEqual(constant.params.map(({ name }) => name).sort());
  await using alone = await createInterpreter().load(constant, folded);
  const { out_sample: got } = await alone.run({ sample });
  expect(largestDifference(got, expected)).toBeLessThan(1e-5);
});

it('makes of group norms the affine maps that they were on a picture', async () => {
  const config: NanosdRestorerConfig = {
    ...{ scale: 4, inChannels: 3, latentFactor: 4, promptTokens: 3, unet, actFn: 'relu' },
    encoder: { channels: [6], layers: [1] },
    decoder: { channels: [6], layers: [1] },
    routes: ['input', 'encoder', 'unet'],
  };
  const size = { batch: 1, height: 8, width: 8 };
  const measured = restorerNormStatistics(config, size);
  const weights = weightsOf(measured);
  const sample = normal([1, 3, 8, 8], 3);
  await using session = await createInterpreter().load(measured, weights);
  const { out_sample: expected, ...seen } = await session.run({ sample });
  const means = new Map(Object.entries(seen).map(([name, held]) => [name, toFloat64(held)]));
  const folded = foldNorms(weights, normStatistics(means, unet.normEps));
  const network = { ...nanosdRestorer(config, size), taps: [] };
  expect([...folded.keys()].sort()).toEqual(network.params.map(({ name }) => name).sort());
  await using plain = await createInterpreter().load(network, folded);
  const { out_sample: got } = await plain.run({ sample });
  expect(largestDifference(got, expected)).toBeLessThan(1e-4);
});
