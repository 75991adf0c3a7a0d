import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GraphBuilder, type Feeds } from '../graph/index.js';
import { float32, toFloat32 } from '../tensor/index.js';
import {
  hasFeatureCache,
  makeFeatureCache,
  openFeatureCache,
  planFeatureCache,
} from './featureCache-node.js';
import type { FeatureSource } from './featureSource.js';
import { createFeatureStream } from './featureStream.js';

const b = new GraphBuilder();
const prompt = b.input('encoder_hidden_states', [2, 1, 3]);
/** 12 values a batch, and 6 of the prompt: 36 bytes in half precision. */
const graph = b.build({ map: b.reshape(b.concat([prompt, prompt], 1), [2, 6]) });

/** Batch `k` holds `k`, what is held out `100 + k`. */
const stream = (): FeatureSource =>
  createFeatureStream(
    [
      {
        run: ({ encoder_hidden_states: x }: Feeds) =>
          Promise.resolve({ map: float32([2, 6], new Float32Array(12).fill(Number(x.data[0]))) }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
    ],
    {
      take: (set, batch) => {
        const value = batch + (set === 'held_out' ? 100 : 0);
        const filled = new Float32Array(6).fill(value);
        return Promise.resolve({ encoder_hidden_states: float32([2, 1, 3], filled) });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  );

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-features-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const first = (feeds: Feeds, name: string): number => toFloat32(feeds[name])[0];

it('plans what fits: 36 bytes a batch', () => {
  const plan = (bytes: number, steps = 10) => planFeatureCache(graph, { steps, heldOut: 2, bytes });
  expect(plan(1e6)).toEqual({ training: 10, held_out: 2 });
  expect(plan(36 * 5 + 35)).toEqual({ training: 3, held_out: 2 });
  expect(() => plan(36 * 5, 100)).toThrow(/expected at least 1, for features of 10 batches/);
});

it('holds each batch once a round, in another order every round, and says when it is made', async () => {
  const place = { folder, hash: 'one' };
  const plan = { training: 6, held_out: 2 };
  expect(await hasFeatureCache(place)).toBe(false);
  const told: number[] = [];
  const onBatch = (done: number): void => void told.push(done);
  await makeFeatureCache(place, plan, { graph, source: stream(), onBatch });
  expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await hasFeatureCache(place)).toBe(true);
  await using cache = await openFeatureCache(place, plan, 3);
  const rounds: number[][] = [[], [], []];
  for (let step = 0; step < 18; step++) {
    const feeds = await cache.training(step, ['map', 'encoder_hidden_states']);
    expect(first(feeds, 'map')).toBe(first(feeds, 'encoder_hidden_states'));
    rounds[Math.floor(step / 6)].push(first(feeds, 'map'));
  }
  expect(rounds[0]).toEqual([0, 1, 2, 3, 4, 5]);
  for (const round of rounds) expect([...round].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(rounds[2]).not.toEqual(rounds[1]);
  expect(first(await cache.heldOut(1, ['map']), 'map')).toBe(101);
  // The same step, asked for again and out of order.
  expect(first(await cache.training(7, ['map']), 'map')).toBe(rounds[1][1]);
});

it('leaves nothing of a cache that could not be finished, and replaces those of other runs', async () => {
  const plan = { training: 6, held_out: 2 };
  const failing: FeatureSource = {
    ...stream(),
    training: () => Promise.reject(new Error('out of luck')),
  };
  const onBatch = (): void => undefined;
  const two = { folder, hash: 'two' };
  await expect(makeFeatureCache(two, plan, { graph, source: failing, onBatch })).rejects.toThrow(
    'out of luck',
  );
  expect(await readdir(folder)).toEqual([]);
  expect(await hasFeatureCache(two)).toBe(false);
});
