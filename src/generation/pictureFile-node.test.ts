import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createImage } from '../image/index.js';
import { writePicture } from './pictureFile-node.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'nanosd-picture-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = 'ein Café, 夜 "quoted"\nSteps: 2, Sampler: PLMS, Seed: 5, Size: 24x16, Model: tiny';

it.each(['jpg', 'webp', 'avif'])('a %s carries how it was made as its UserComment', async (end) => {
  const path = join(folder, `a.${end}`);
  await writePicture(path, createImage(24, 16, 3), text);
  const { exif, width, height } = await sharp(path).metadata();
  expect([width, height]).toEqual([24, 16]);
  const at = exif?.indexOf('UNICODE\0', 0, 'latin1') ?? -1;
  const comment = exif?.subarray(at + 8, at + 8 + 2 * text.length);
  expect(at).toBeGreaterThan(0);
  expect(new TextDecoder('utf-16be').decode(comment)).toBe(text);
});
