import { describe, expect, it } from 'vitest';
import { createInterpreter, type Executor } from '../graph/index.js';
import { createImage } from '../image/index.js';
import { restorer, restorerConfig, restorerConfigSchema } from '../models/index.js';
import { Random } from '../tensor/index.js';
import { initializeRestorer } from '../training/objectives/initialize.js';
import { checkDevice, comparePictures, selfTest } from './selfTest.js';

const config = restorerConfig(
  restorerConfigSchema.parse({
    _class_name: 'OneStepRestorer',
    scale: 2,
    base_channels: 2,
    encoder_layers: 0,
    decoder_layers: 0,
    block_out_channels: [],
    layers_per_block: [],
  }),
);
const graph = restorer(config, { batch: 1, height: 4, width: 4 });
const model = { config, weights: initializeRestorer(graph, Random.seeded(1)) };

/** A device that changes every number of a result. */
function broken(change: (value: number) => number): Executor {
  const inner = createInterpreter();
  return {
    device: 'broken',
    async load(loaded, weights) {
      const session = await inner.load(loaded, weights);
      return {
        async run(feeds) {
          const { out_sample: result } = await session.run(feeds);
          const data = Float32Array.from(result.data as Float32Array, change);
          return { out_sample: { ...result, dtype: 'float32', data } };
        },
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
  };
}

describe('a device', () => {
  it('passes with the numbers of the reference, and has a speed', async () => {
    const { restored } = await checkDevice(createInterpreter(), model);
    const test = await selfTest(createInterpreter(), model, restored ?? undefined);
    expect(test).toMatchObject({ problem: null, maxError: 0 });
    expect(test.pixelsPerSecond).toBeGreaterThan(0);
  });

  it.each([
    ['is off', (value: number) => value / 2, /off by up to \d+ of 255 levels/],
    ['gives NaN', () => NaN, /not numbers/],
    ['gives black', () => 0, /black/],
  ])('fails where it %s', async (_, change, problem) => {
    const { restored } = await checkDevice(createInterpreter(), model);
    const test = await selfTest(broken(change), model, restored ?? undefined);
    expect(test.problem).toMatch(problem);
    expect(test.pixelsPerSecond).toBeNull();
  });

  it('fails with what it throws', async () => {
    const device: Executor = { device: 'x', load: () => Promise.reject(new Error('no driver')) };
    const failure = { device: 'x', problem: 'no driver', maxError: null, restored: null };
    expect(await checkDevice(device, model)).toEqual(failure);
  });
});

it('lets float16 pass', () => {
  const expected = createImage(2, 1, 1, Float32Array.of(0.5, 1));
  const close = createImage(2, 1, 1, Float32Array.of(0.5 + 1 / 255, 1));
  expect(comparePictures(close, expected).problem).toBeNull();
});
