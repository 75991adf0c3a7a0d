import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createImage,
  imresize,
  psnr,
  quantizeImage,
  ssim,
  type Image,
} from '../../src/image/index.js';
import { readImage, writeImage } from '../../src/image/sharp-node.js';
import { Random } from '../../src/tensor/index.js';
import { nanosd, writeTinyModel } from './nanosd.js';

interface Scores {
  readonly psnrY: number;
  readonly ssimY: number;
  readonly psnrRgb: number;
  readonly niqe: number | null;
  readonly ms: number;
}

interface Report {
  readonly mean: Scores;
  readonly images: readonly (Scores & { readonly name: string })[];
}

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-eval-'));
  for (const folder of ['pairs', 'hr', 'lr']) await mkdir(join(cwd, folder));
  // 52 is 4 x 13; 50 is not, and its small version is rounded up.
  for (const [name, width, seed] of [
    ['a', 52, 1],
    ['b', 50, 2],
  ] as const) {
    const hr = texture(width, 48, seed);
    const lr = imresize(hr, { scale: 1 / 4 });
    await writeImage(join(cwd, 'pairs', `${name}_HR.png`), hr);
    await writeImage(join(cwd, 'pairs', `${name}_LR.png`), lr);
    await writeImage(join(cwd, 'hr', `${name}.png`), hr);
    await writeImage(join(cwd, 'lr', `${name}x4.png`), lr);
  }
  await writeTinyModel(join(cwd, 'model'));
  await nanosd(cwd, '--version');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

function texture(width: number, height: number, seed: number): Image {
  const random = Random.seeded(seed);
  const coarse = Float32Array.from({ length: 9 * 8 * 3 }, () => random.uniform());
  return imresize(createImage(9, 8, 3, coarse), { width, height });
}

async function evaluate(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await nanosd(cwd, 'eval', ...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

describe('nanosd eval', () => {
  it('scores pairs of one folder as the metrics do, at 8 bits and without the border', async () => {
    const report = await evaluate('-t', 'sr', '-s', '4', '-m', 'bicubic', '--hr', 'pairs');
    expect(report.images.map(({ name }) => name)).toEqual(['a', 'b']);
    const reference = await readImage(join(cwd, 'pairs', 'a_HR.png'));
    const poor = await readImage(join(cwd, 'pairs', 'a_LR.png'));
    const restored = quantizeImage(imresize(poor, { scale: 4 }));
    const luma = { channels: 'y', cropBorder: 4 } as const;
    expect(report.images[0].psnrY).toBe(psnr(reference, restored, luma));
    expect(report.images[0].ssimY).toBe(ssim(reference, restored, luma));
    expect(report.images[0].psnrRgb).toBe(psnr(reference, restored, { cropBorder: 4 }));
    const [a, b] = report.images;
    expect(report.mean.psnrY).toBeCloseTo((a.psnrY + b.psnrY) / 2, 12);
    // Too small for NIQE.
    expect([a.niqe, report.mean.niqe]).toEqual([null, null]);
  });

  it('pairs two folders by name, for a model too', async () => {
    const report = await evaluate('-m', 'model', '--hr', 'hr', '--lr', 'lr');
    expect(report.images.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(report.mean.psnrY).toBeGreaterThan(15);
    expect(report.mean.ms).toBeGreaterThan(0);
  });

  it('prints an aligned table', async () => {
    const { stdout } = await nanosd(cwd, 'eval', '-m', 'lanczos', '--hr', 'pairs');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ +PSNR-Y {2}SSIM-Y {2}PSNR-RGB {2}NIQE +ms$/);
    expect(lines.map((line) => line.split(/ +/)[0])).toEqual(['', 'a', 'b', 'mean']);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });

  it('refuses pictures that do not belong together', async () => {
    const { code, stderr } = await nanosd(cwd, 'eval', '-m', 'bicubic', '-s', '2', '--hr', 'pairs');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'nanosd: pairs/a_HR.png: expected 2 times the 13x12 pixels of pairs/a_LR.png, got 52x48\n',
    );
  });
});

const shared = fileURLToPath(new URL('../../../shared/eval/', import.meta.url));

describe.skipIf(!existsSync(shared))('published figures (needs ../shared/eval)', () => {
  it.each([
    ['set5-x4', 28.43, 0.811],
    ['set14-x4', 26.09, 0.705],
  ])(
    'of bicubic on %s: %f dB, SSIM %f',
    async (set, psnrY, ssimY) => {
      const folder = join(shared, set);
      const { mean } = await evaluate('-m', 'bicubic', '--hr', folder, '--lr', folder);
      expect(mean.psnrY).toBeCloseTo(psnrY, 2);
      expect(mean.ssimY).toBeCloseTo(ssimY, 3);
    },
    120_000,
  );
});
