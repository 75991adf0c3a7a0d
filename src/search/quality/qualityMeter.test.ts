import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSurrogates, writeTeacher } from '../../../test/search/tinyFamily.js';
import { writeFeatureModel } from '../../../test/search/featureModel.js';
import type { OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import { createNodeExecutor } from '../../runtime/ort-node.js';
import { parseStages } from '../../surgery/index.js';
import { openSurrogates, teacherUnet } from '../family/assembleStudent-node.js';
import { openQualityMeter, type QualityMeter } from './qualityMeter-node.js';

let folder: string;
let teacher: OpenCheckpoint;
let meter: QualityMeter;
const executor = createNodeExecutor({ threads: 1 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-quality-'));
  teacher = await writeTeacher(join(folder, 'teacher'));
  await writeSurrogates(join(folder, 'near'), teacher, 0);
  await writeSurrogates(join(folder, 'far'), teacher, 3);
  meter = await openQualityMeter(teacher, [executor], kept());
});

afterAll(async () => {
  await meter[Symbol.asyncDispose]();
  await teacher[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const kept = () => ({ ...settings, cache: join(folder, 'cache') });
const settings = { samples: 16, steps: 2, batch: 8, prompts: ['a', 'b'] };
const stages = parseStages('RARA R RARA RARARA RARARA RARARA');

describe('openQualityMeter', () => {
  it('finds the teacher at no distance from itself, and a better student nearer than a worse one', async () => {
    const own = teacherUnet(teacher.unet);
    const itself = await meter.measure(own);
    expect(itself.taFD).toBeLessThan(1e-6);
    expect(itself.latentDistance).toBeLessThan(1e-6);
    expect(itself.featureDistance).toBeLessThan(1e-6);
    expect(meter.floor).toBeGreaterThan(0);

    const measured = [];
    for (const name of ['near', 'far']) {
      await using surrogates = await openSurrogates(join(folder, name), own);
      measured.push(await meter.measure(await surrogates.assemble(stages)));
    }
    expect(measured[0].latentDistance).toBeGreaterThan(0);
    expect(measured[0].latentDistance).toBeLessThan(measured[1].latentDistance);
    expect(measured[0].taFD).toBeLessThan(measured[1].taFD);

    // However many compute, the same comes out; and the teacher's samples are kept.
    const executors = [executor, createNodeExecutor({ threads: 1 })];
    const progress: number[] = [];
    const onProgress = (done: number): void => void progress.push(done);
    await using two = await openQualityMeter(teacher, executors, kept(), { onProgress });
    expect(progress).toEqual([]);
    expect(two.floor).toBe(meter.floor);
    await using surrogates = await openSurrogates(join(folder, 'far'), own);
    expect(await two.measure(await surrogates.assemble(stages))).toEqual(measured[1]);
  });

  it('makes pictures of the teacher and of students', async () => {
    const own = await meter.pictures(3);
    const again = await meter.pictures(3, teacherUnet(teacher.unet));
    expect(own).toHaveLength(3);
    expect([own[0].width, own[0].height, own[0].channels]).toEqual([32, 32, 3]);
    own.forEach(({ data }, i) => {
      const differences = data.map((x, at) => Math.abs(x - again[i].data[at]));
      expect(Math.max(...differences)).toBeLessThan(1e-3);
    });
  });

  it('takes features of latents, and those of a network in a file, each with a cache of its own', async () => {
    const path = join(folder, 'features.onnx');
    await writeFeatureModel(path);
    for (const features of ['latent', path]) {
      const other = { ...kept(), features };
      await using latent = await openQualityMeter(teacher, [executor], other);
      const itself = await latent.measure(teacherUnet(teacher.unet));
      expect(itself.taFD).toBeLessThan(1e-4 * latent.floor);
      expect(latent.floor).toBeGreaterThan(0);
    }
    expect(await readdir(kept().cache)).toHaveLength(3);
  });

  it('stops when it is told to, and says what is wrong with features', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const { signal } = controller;
    const latent = { ...settings, features: 'latent' };
    await expect(openQualityMeter(teacher, [executor], latent, { signal })).rejects.toThrow(
      'enough',
    );
    const features = join(folder, 'teacher', 'model_index.json');
    await expect(openQualityMeter(teacher, [executor], { ...settings, features })).rejects.toThrow(
      'model_index.json: expected the bytes of an ONNX model',
    );
    const nowhere = { ...settings, features: join(folder, 'nowhere.onnx') };
    await expect(openQualityMeter(teacher, [executor], nowhere)).rejects.toThrow('nowhere.onnx');
  });
});
