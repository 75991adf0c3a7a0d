import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Random } from '../../tensor/index.js';
import { createImage, type Image } from '../image.js';
import { imresize } from '../resample.js';
import { sharpCodec } from './codec-node.js';
import { applyDegradation } from './degradation.js';
import type { Degradation } from './plain.js';
import { degradationSchema } from './schema.js';

function picture(width: number, height: number): Image {
  const data = Float32Array.from({ length: 3 * width * height }, (_, i) => (i % 97) / 96);
  return createImage(width, height, 3, data);
}

const apply = (image: Image, degradation: Degradation, random: Random): Promise<Image> =>
  applyDegradation(image, degradation, random, { scale: 4, codec: sharpCodec });

function degrade(image: Image, plain: unknown, seed = 1): Promise<Image> {
  return apply(image, degradationSchema.parse(plain), Random.seeded(seed));
}

const realEsrgan = {
  kind: 'sequence',
  scale: 4,
  steps: [
    { kind: 'sharpen', radius: 11 },
    {
      kind: 'choice',
      of: [
        { weight: 0.6, step: { kind: 'blur', size: 9, sigma: [0.2, 3] } },
        { step: { kind: 'blur', size: 7, sigma: [0.2, 3], isotropic: false } },
        { step: { kind: 'blur', size: 7, sigma: 1, isotropic: false, profile: 'plateau' } },
        { step: { kind: 'blur', size: 7, sigma: 1, profile: 'generalized', beta: [0.5, 4] } },
        { step: { kind: 'sinc', size: 9, cutoff: [1, 3] } },
      ],
    },
    { kind: 'resize', factor: [0.15, 1.5], kernels: ['box', 'bilinear', 'bicubic', 'lanczos3'] },
    {
      kind: 'choice',
      of: [
        { step: { kind: 'noise', sigma: [1, 30], gray: 0.4 } },
        { step: { kind: 'poisson', scale: [0.05, 3], gray: 0.4 } },
      ],
    },
    { kind: 'jpeg', quality: [30, 95] },
    { kind: 'quantize' },
  ],
};

describe('applyDegradation', () => {
  it('runs a whole chain to the size asked for, and again alike from the same seed', async () => {
    const image = picture(50, 31);
    for (let seed = 0; seed < 12; seed++) {
      const degraded = await degrade(image, realEsrgan, seed);
      expect([degraded.width, degraded.height]).toEqual([13, 8]);
      expect(degraded.data.every(Number.isFinite)).toBe(true);
      expect(await degrade(image, realEsrgan, seed)).toEqual(degraded);
    }
    expect(await degrade(image, realEsrgan, 1)).not.toEqual(await degrade(image, realEsrgan, 2));
  });

  it('bicubic is imresize by the reciprocal', async () => {
    const image = picture(24, 12);
    expect(await degrade(image, { kind: 'bicubic', scale: 3 })).toEqual(
      imresize(image, { scale: 1 / 3 }),
    );
  });

  it('chooses by weight', async () => {
    const halve = { weight: 3, step: { kind: 'bicubic', scale: 2 } };
    const keep = { step: { kind: 'sequence', steps: [] } };
    const random = Random.seeded(4);
    const choice = degradationSchema.parse({ kind: 'choice', of: [halve, keep] });
    let halved = 0;
    for (let i = 0; i < 400; i++) {
      halved += (await apply(picture(2, 2), choice, random)).width === 1 ? 1 : 0;
    }
    expect(halved).toBeGreaterThan(270);
    expect(halved).toBeLessThan(330);
  });

  it('draws from the range', async () => {
    const gray = createImage(32, 32, 1, new Float32Array(1024).fill(0.5));
    const spread = async (seed: number): Promise<number> => {
      const { data } = await degrade(gray, { kind: 'noise', sigma: [5, 25] }, seed);
      return 255 * Math.sqrt(data.reduce((sum, value) => sum + (value - 0.5) ** 2, 0) / 1024);
    };
    const sigmas = await Promise.all(Array.from({ length: 40 }, (_, seed) => spread(seed)));
    expect(Math.min(...sigmas)).toBeGreaterThan(4.5);
    expect(Math.min(...sigmas)).toBeLessThan(9);
    expect(Math.max(...sigmas)).toBeGreaterThan(21);
    expect(Math.max(...sigmas)).toBeLessThan(27);
  });
});

describe('degradationSchema', () => {
  it('fills in what is left out and makes every range a pair', () => {
    expect(degradationSchema.parse({ kind: 'blur', sigma: 2 })).toEqual({
      kind: 'blur',
      profile: 'gaussian',
      size: [21, 21],
      sigma: [2, 2],
      isotropic: true,
      rotation: [-Math.PI, Math.PI],
      beta: [1, 2],
    });
  });

  it.each([
    [{ kind: 'jpeg', quality: 101 }, 'quality', 'expected a number or [low, high] within 1 to 100'],
    ['best', '', 'expected a preset (realesrgan, camera, web, shake, defocus, old-photo, mixed)'],
    [{ kind: 'preset', name: 'best' }, 'name', 'expected a preset (realesrgan, camera,'],
    [
      { kind: 'blur', sigma: [3, 1] },
      'sigma',
      'expected a number or [low, high] within 0.01 to 100',
    ],
    [{ kind: 'blur', sigma: 'x' }, 'sigma', 'expected a number or [low, high] within 0.01 to 100'],
    [{ kind: 'blur', sigma: 1, size: 4 }, 'size', 'expected an odd kernel size'],
    [{ kind: 'noise', sigma: 1, grey: 1 }, '', 'Unrecognized key: "grey"'],
    [{ kind: 'nothing' }, 'kind', "'bicubic' | 'resize' | 'blur'"],
    [{ kind: 'sequence', steps: [{ kind: 'jpeg' }] }, 'steps.0.quality', 'expected a number'],
  ])('names what is wrong with %j', (plain, path, message) => {
    const { error } = degradationSchema.safeParse(plain);
    expect(error).toBeInstanceOf(z.ZodError);
    expect(error?.issues[0].path.join('.')).toBe(path);
    expect(error?.issues[0].message).toContain(message);
  });
});
