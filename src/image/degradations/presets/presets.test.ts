import { describe, expect, it } from 'vitest';
import { Random } from '../../../tensor/index.js';
import { createImage, type Image } from '../../image.js';
import { psnr } from '../../metrics/psnr.js';
import { imresize } from '../../resample.js';
import { sharpCodec } from '../codec-node.js';
import { degradePair, drawDegradation } from '../degradation.js';
import { describeStep, scaleOf, sizeAfter } from '../describe.js';
import type { Degradation } from '../plain.js';
import { degradationSchema } from '../schema.js';
import { degradationPresets } from './presetNames.js';
import { presetDegradation } from './presets.js';

function picture(side: number): Image {
  const data = Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side) % side];
    return 0.5 + 0.3 * Math.sin(x / 4) * Math.cos(y / 6) + 0.15 * Math.sin((x + 2 * y) / 13);
  });
  return createImage(side, side, 3, data);
}

const good = picture(64);
const pairOf = (degradation: Degradation, scale: number, seed: number) =>
  degradePair(good, degradation, Random.seeded(seed), { scale, codec: sharpCodec });

describe.each(degradationPresets)('the preset %s', (name) => {
  it.each([4, 2, 1])(
    'at scale %i makes pictures of its size, within [0, 1], the same from a seed',
    async (scale) => {
      const preset = degradationSchema.parse(name);
      for (let seed = 0; seed < 6; seed++) {
        const { sample, target, steps } = await pairOf(preset, scale, seed);
        expect([sample.width, sample.height]).toEqual([64 / scale, 64 / scale]);
        expect([target.width, target.height]).toEqual([64, 64]);
        expect(sample.data.every((x) => x >= 0 && x <= 1)).toBe(true);
        expect(sizeAfter(steps, good)).toEqual({ width: sample.width, height: sample.height });
        if (seed === 0) expect((await pairOf(preset, scale, seed)).sample).toEqual(sample);
      }
    },
  );

  it('leaves more when it is weaker', async () => {
    const left = async (strength: number): Promise<number> => {
      const preset = presetDegradation(name, 1, strength);
      const scores = Array.from({ length: 10 }, async (_, seed) => {
        const { sample, target } = await pairOf(preset, 1, seed);
        return Math.min(60, psnr(target, sample));
      });
      return (await Promise.all(scores)).reduce((sum, score) => sum + score, 0) / 10;
    };
    expect(await left(0.25)).toBeGreaterThan((await left(1)) + 1);
    expect(await left(2)).toBeLessThan(await left(1));
  });
});

describe('mixed', () => {
  const drawn = Array.from({ length: 3000 }, (_, i) =>
    drawDegradation(degradationSchema.parse('mixed'), Random.seeded(2, i), {
      width: 192,
      height: 192,
      scale: 4,
    }),
  );
  const share = (holds: (kinds: readonly string[]) => boolean): number =>
    drawn.filter((steps) => holds(steps.map(({ kind }) => kind))).length / drawn.length;

  it('shrinks one in eight without more, has camera noise in a third of the others, and JPEG in most', () => {
    expect(share((kinds) => kinds[0] === 'bicubic')).toBeCloseTo(0.12, 1);
    expect(share((kinds) => kinds.includes('camera_noise'))).toBeCloseTo(0.29, 1);
    expect(share((kinds) => kinds.includes('jpeg'))).toBeGreaterThan(0.5);
    expect(share((kinds) => kinds.filter((kind) => kind === 'jpeg').length === 2)).toBeGreaterThan(
      0.12,
    );
    expect(share((kinds) => kinds.at(-1) === 'quantize')).toBe(1);
  });

  it('at scale 4 may be bicubic to the bit', async () => {
    const seed = drawn.findIndex(([{ kind }]) => kind === 'bicubic');
    const { sample } = await degradePair(
      good,
      degradationSchema.parse('mixed'),
      Random.seeded(2, seed),
      { scale: 4, codec: sharpCodec },
    );
    const expected = imresize(good, { scale: 1 / 4 }).data;
    expect(
      Math.max(...sample.data.map((x, i) => Math.abs(x - Math.min(1, Math.max(0, expected[i]))))),
    ).toBeLessThan(0.51 / 255);
  });
});

it('fading is done to what is learned as well, and once', async () => {
  const plain = degradationSchema.parse({
    kind: 'sequence',
    steps: [{ kind: 'fade' }, { kind: 'noise', sigma: 20 }],
  });
  const { sample, target } = await pairOf(plain, 1, 3);
  expect(psnr(good, target)).toBeLessThan(30);
  expect(psnr(target, sample)).toBeGreaterThan(20);
  const alone = await pairOf(degradationSchema.parse({ kind: 'fade' }), 1, 3);
  expect(alone.sample).toBe(alone.target);
});

it('what was drawn is told in a few words', () => {
  const plain = degradationSchema.parse({ kind: 'jpeg', quality: 40 });
  const [step] = drawDegradation(plain, Random.seeded(1), { width: 8, height: 8, scale: 1 });
  expect(describeStep(step)).toBe('jpeg quality 40 4:2:0');
});

it('the scale of a degradation is what it shrinks by itself', () => {
  const scale = (plain: unknown) => scaleOf(degradationSchema.parse(plain));
  expect(scale({ kind: 'bicubic', scale: 3 })).toBe(3);
  expect(scale({ kind: 'sequence', scale: 2, steps: [] })).toBe(2);
  expect(scale('mixed')).toBe(null);
});
