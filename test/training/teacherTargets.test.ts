import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { GraphBuilder, type Value } from '../../src/graph/index.js';
import { float32 } from '../../src/tensor/index.js';
import { writeOnnxModel } from '../../src/onnx/file-node.js';
import { listPhotos } from '../../src/training/data/photoFolder-node.js';
import { openPhotoBatches } from '../../src/training/data/photoBatches-node.js';
import { run, writeProject } from './cli.js';

// Some tests start processes of their own.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder: string;

/** Enlarges by repeating pixels, and swaps what is bright and dark in red. */
const answer = (x: number, channel: number): number => (channel === 0 ? 1 - x : x);

async function writeTeacher(
  name: string,
  build: (b: GraphBuilder, sample: Value) => Value,
  channels = 3,
  side = 24,
): Promise<string> {
  const b = new GraphBuilder();
  const sample = b.input('sample', [1, channels, side, side]);
  const path = join(folder, `${name}.onnx`);
  await writeOnnxModel(path, b.build({ out: build(b, sample) }), new Map());
  return path;
}

const enlarged = (b: GraphBuilder, x: Value, scale: number): Value =>
  b.apply('resize', [x], {
    mode: 'nearest',
    height: x.shape[2] * scale,
    width: x.shape[3] * scale,
  });

const swapping = (b: GraphBuilder, sample: Value): Value => {
  const factor = b.constant(float32([1, 3, 1, 1], [-1, 1, 1]));
  const offset = b.constant(float32([1, 3, 1, 1], [1, 0, 0]));
  return enlarged(b, b.add(b.mul(sample, factor), offset), 2);
};

let teacher: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-teacher-'));
  teacher = await writeTeacher('teacher', swapping);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('answers to each degraded crop', async () => {
  await writeProject(join(folder, 'crops'));
  const batches = openPhotoBatches(
    {
      photos: await listPhotos([join(folder, 'crops', 'photos')]),
      ...{ sampleSize: 24, scale: 2, seed: 3, cacheBytes: 1e7 },
      degradation: { kind: 'bicubic', scale: 2 },
      teacher: { path: teacher, noiseLevel: null },
    },
    () => undefined,
  );
  const { sample, teacher: answers } = await batches.read(0, 2);
  expect(answers?.shape).toEqual([2, 3, 48, 48]);
  const [from, to] = [sample.data, answers?.data ?? []];
  for (const [n, c, y, x] of [
    [0, 0, 5, 7],
    [1, 2, 47, 0],
    [1, 0, 20, 33],
  ]) {
    const source = from[((n * 3 + c) * 24 + (y >> 1)) * 24 + (x >> 1)];
    const expected = Math.min(1, Math.max(0, answer(source, c)));
    expect(to[((n * 3 + c) * 48 + y) * 48 + x]).toBeCloseTo(expected, 5);
  }
});

it('is what losses are taken against, beside the step and from a pool', async () => {
  const loss = (target: string) => [{ kind: 'l2', weight: 1, target }];
  const firstLoss = async (name: string, changes: Record<string, unknown>): Promise<number> => {
    const config = await writeProject(join(folder, name), { steps: 1, ...changes });
    const { code, stderr } = await run('train', config, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const text = await readFile(join(folder, name, 'run', 'metrics.jsonl'), 'utf8');
    return (JSON.parse(text.split('\n')[0]) as { loss: number }).loss;
  };
  const asked = { model: teacher, mix: 0.25 };
  const data = {
    photos: ['photos'],
    sample_size: 24,
    degradation: { kind: 'bicubic', scale: 2 },
    pool: { samples: 8 },
  };
  const photo = await firstLoss('photo', { loss: loss('photo') });
  const other = await firstLoss('other', { loss: loss('teacher'), teacher: asked });
  const mixed = await firstLoss('mixed', { loss: loss('mix'), teacher: asked });
  // The teacher's red is wrong on purpose.
  expect(other).toBeGreaterThan(3 * photo);
  expect(mixed).toBeGreaterThan(photo);
  expect(mixed).toBeLessThan(other);
  const pooled = await firstLoss('pooled', { loss: loss('teacher'), teacher: asked, data });
  expect(pooled).toBeGreaterThan(3 * photo);
  expect(await readdir(join(folder, 'pooled', 'pools'))).toHaveLength(1);
});

it('says in a line what does not fit', async () => {
  const refusal = async (model: string, changes: Record<string, unknown> = {}) => {
    const config = await writeProject(join(folder, 'refused'), {
      loss: [{ kind: 'l1', target: 'teacher' }],
      teacher: { model },
      ...changes,
    });
    const { code, stderr } = await run('train', config);
    expect(code).toBe(2);
    return stderr;
  };
  const four = await writeTeacher('four', (b, x) => enlarged(b, x, 4));
  expect(await refusal(four)).toBe(
    `nanosd: teacher.model: ${four}: expected a network of scale 2, the model's, got ONNX of scale 4\n`,
  );
  const gray = await writeTeacher('gray', (b, x) => enlarged(b, x, 2), 1);
  expect(await refusal(gray)).toBe(
    `nanosd: teacher.model: ${gray}: expected 3 channels in and out, got 1 in and 1 out\n`,
  );
  const fixed = await writeTeacher('fixed', (b, x) => enlarged(b, x, 2), 3, 32);
  expect(await refusal(fixed)).toBe(
    `nanosd: teacher.model: ${fixed}: expected a network that takes data.sample_size, 24x24, got one for 32x32\n`,
  );
  const none = join(folder, 'none.onnx');
  expect(await refusal(none)).toMatch(/^nanosd: .*none\.onnx: .*\n$/);
  expect(await refusal(teacher, { teacher: undefined })).toMatch(
    /^nanosd: .*loss\.0\.target: expected photo, or a teacher.*\n$/,
  );
  expect(await refusal(teacher, { loss: [{ kind: 'l1' }] })).toMatch(
    /^nanosd: .*teacher: expected a loss with target: teacher or mix.*\n$/,
  );
});
