// A wide network is made from a narrow one by doubling every channel: the copy is a hair smaller and read by
// nobody. It computes the same, and what matters most in it is the narrow one.
import { describe, expect, it } from 'vitest';
import { createInterpreter, type Graph } from '../graph/index.js';
import {
  autoencoderKLDecoder,
  autoencoderKLEncoder,
  nanosdUnet,
  networkParams,
  stagedUnetParams,
  type AutoencoderKLConfig,
  type StagedUnetConfig,
} from '../models/index.js';
import {
  elementCount,
  float32,
  Random,
  tensor,
  toFloat64,
  type Shape,
  type Tensor,
  type Weights,
} from '../tensor/index.js';
import { sourceOf } from '../weights/index.js';
import { autoencoderAxes } from './autoencoderAxes.js';
import { sinusoidSpace, type Axis } from './channels.js';
import { importantUnetChannels, inheritUnet } from './inheritUnet.js';
import { importantAutoencoderChannels, inheritAutoencoder } from './narrowAutoencoder.js';
import { unetAxes } from './unetAxes.js';

const random = Random.seeded(11);

/** Rows of equal norm, so that copies are smaller than every original. */
function drawRows(shape: Shape): Tensor {
  const data = random.normals(elementCount(shape));
  if (shape.length > 1) {
    const length = data.length / shape[0];
    for (let row = 0; row < shape[0]; row++) {
      const part = data.subarray(row * length, (row + 1) * length);
      const norm = Math.hypot(...part);
      for (let i = 0; i < length; i++) part[i] *= 0.7 / norm;
    }
  }
  return float32(shape, data);
}

/** Which of a space's two channels is read: drawn once for each. */
function createPlaces(): (space: string, channel: number) => number {
  const drawn = new Map<string, number>();
  return (space, channel) => {
    if (space === sinusoidSpace) return 0;
    const key = `${space} ${channel}`;
    const place = drawn.get(key) ?? random.integer(2);
    drawn.set(key, place);
    return place;
  };
}

/** What the wide network's `element` of an axis is: of which narrow element, and whether that one or its copy. */
function originOf(axis: Axis, element: number, places: (space: string, c: number) => number) {
  let [wideBefore, narrowBefore] = [0, 0];
  for (const { space, channels } of axis) {
    const wide = space === 'whole' ? channels : 2 * channels;
    if (element < wideBefore + wide) {
      const inside = element - wideBefore;
      if (space === 'whole') return { element: narrowBefore + inside, isCopy: false };
      const channel = Math.floor(inside / 2);
      const isCopy = inside % 2 !== places(space, channel);
      return { element: narrowBefore + channel, isCopy };
    }
    [wideBefore, narrowBefore] = [wideBefore + wide, narrowBefore + channels];
  }
  throw new Error('expected an element of the axis');
}

function widen(
  narrow: Tensor,
  axes: readonly Axis[],
  shape: Shape,
  places: ReturnType<typeof createPlaces>,
): Tensor {
  const from = toFloat64(narrow);
  const data = new Float32Array(elementCount(shape));
  const isMatrix = shape.length > 1;
  const [columns, kernel] = [narrow.shape[1] ?? 1, elementCount(narrow.shape.slice(2))];
  for (let i = 0; i < data.length; i++) {
    const wideColumn = Math.floor(i / kernel) % (shape[1] ?? 1);
    const row = originOf(axes[0], Math.floor(i / kernel / (shape[1] ?? 1)), places);
    const column = isMatrix ? originOf(axes[1], wideColumn, places) : { element: 0, isCopy: false };
    const value = from[(row.element * columns + column.element) * kernel + (i % kernel)];
    data[i] = column.isCopy ? 0 : value * (row.isCopy && isMatrix ? 1 - 1e-6 : 1);
  }
  return tensor('float32', shape, data);
}

type Params = readonly { readonly name: string; readonly shape: Shape }[];

/** Heads are twice as wide, so their products are halved by the root of two, and copies add to none. */
function widenAll(
  narrow: Weights,
  wide: Params,
  axesOf: (name: string) => readonly Axis[],
): Weights {
  const places = createPlaces();
  const entries = wide.map(({ name, shape }): [string, Tensor] => {
    const own = narrow.get(name) ?? expect.fail(`no ${name}`);
    const wider = widen(own, axesOf(name), shape, places);
    if (!/\.to_q\./.test(name)) return [name, wider];
    const rowLength = wider.data.length / shape[0];
    const scaled = toFloat64(wider).map((x, i) => {
      const { isCopy } = originOf(axesOf(name)[0], Math.floor(i / rowLength), places);
      return isCopy ? 0 : x * Math.SQRT2;
    });
    return [name, float32(shape, scaled)];
  });
  return new Map(entries);
}

async function run(graph: Graph, weights: Weights): Promise<Float64Array> {
  const own = Random.seeded(3);
  const feeds = graph.inputs.map(({ name, shape }) => [
    name,
    tensor('float32', shape, own.normals(elementCount(shape))),
  ]);
  await using session = await createInterpreter().load(graph, weights);
  const outputs = await session.run(Object.fromEntries(feeds) as Record<string, Tensor>);
  return toFloat64(Object.values(outputs)[0]);
}

function expectClose(actual: Float64Array, expected: Float64Array): void {
  const largest = Math.max(...expected.map(Math.abs));
  const apart = Math.max(...expected.map((x, i) => Math.abs(x - actual[i])));
  expect(largest).toBeGreaterThan(0.01);
  expect(apart / largest).toBeLessThan(1e-3);
}

const layers = (text: string) => Array.from(text, (layer) => ({ attends: layer === 'A' }));
const level = (channels: number, down: string, up: string, upSkips: number[]) => ({
  ...{ channels, heads: 2, skipSlots: 3, upSkips },
  ...{ down: layers(down), up: layers(up) },
});
const unet = (factor: number): StagedUnetConfig => ({
  ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0, normNumGroups: 2 },
  ...{ normEps: 1e-5, crossAttentionDim: 6, midBlock: true },
  levels: [
    level(4 * factor, 'AR', 'RAR', [0, 1, 2]),
    level(8 * factor, 'R', 'AR', [0, 2]),
    level(8 * factor, 'R', 'R', [0]),
  ],
});

const vae = (factor: number): AutoencoderKLConfig => ({
  ...{ inChannels: 3, outChannels: 3, latentChannels: 2, layersPerBlock: 1, normNumGroups: 2 },
  ...{ midBlockAddAttention: true, scalingFactor: 1 },
  blockOutChannels: [4, 6, 6].map((channels) => channels * factor),
});

describe('the channels that matter most', () => {
  it('are the narrow U-Net in a wide one that contains it', async () => {
    const narrow: Weights = new Map(
      stagedUnetParams(unet(1)).map(({ name, shape }) => [name, drawRows(shape)]),
    );
    const wide = widenAll(narrow, stagedUnetParams(unet(2)), (name) => unetAxes(unet(1), name));
    const size = { batch: 1, height: 4, width: 8, contextTokens: 3 };
    const expected = await run(nanosdUnet(unet(1), size), narrow);
    expectClose(await run(nanosdUnet(unet(2), size), wide), expected);

    const teacher = { config: unet(2), weights: sourceOf(wide) };
    const source = inheritUnet(teacher, unet(1), await importantUnetChannels(teacher, unet(1)));
    for (const [name, weight] of narrow) {
      const factor = name.includes('.to_q.') ? Math.SQRT2 : 1;
      const inherited = toFloat64(await source.read(name));
      toFloat64(weight).forEach((x, i) => {
        if (Math.abs(inherited[i] - factor * x) > 1e-6) expect.fail(`${name}: ${inherited[i]}`);
      });
    }
  });

  it('are the narrow autoencoder in a wide one that contains it', async () => {
    const paramsOf = (factor: number) =>
      networkParams({ className: 'AutoencoderKL', config: vae(factor) });
    const narrow: Weights = new Map(paramsOf(1).map(({ name, shape }) => [name, drawRows(shape)]));
    const wide = widenAll(narrow, paramsOf(2), (name) => autoencoderAxes(vae(1), name));
    for (const network of [autoencoderKLEncoder, autoencoderKLDecoder]) {
      const size = { batch: 1, height: 8, width: 4 };
      const [small, large] = [network(vae(1), size), network(vae(2), size)];
      const own = (graph: Graph, all: Weights): Weights =>
        new Map(graph.params.map(({ name }) => [name, all.get(name) ?? expect.fail(name)]));
      expectClose(await run(large, own(large, wide)), await run(small, own(small, narrow)));
    }
    const teacher = { config: vae(2), weights: sourceOf(wide) };
    const choice = await importantAutoencoderChannels(teacher, vae(1));
    const source = inheritAutoencoder(teacher, vae(1), choice);
    for (const [name, weight] of narrow) {
      const factor = name.includes('.to_q.') ? Math.SQRT2 : 1;
      const inherited = toFloat64(await source.read(name));
      toFloat64(weight).forEach((x, i) => {
        if (Math.abs(inherited[i] - factor * x) > 1e-6) expect.fail(`${name}: ${inherited[i]}`);
      });
    }
  });
});
