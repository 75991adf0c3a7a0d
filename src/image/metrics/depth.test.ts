import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createImage } from '../image.js';
import { alignDepth, clampDepth, depthScores, type DepthPair } from './depth.js';

const [width, height] = [6, 4];
const map = (value: (i: number) => number) =>
  createImage(
    width,
    height,
    1,
    Float32Array.from({ length: width * height }, (_, i) => value(i)),
  );
const everywhere = new Uint8Array(width * height).fill(1);
const truth = map((i) => 2 + (i % 7) + i / 10);

describe('alignDepth', () => {
  it('finds the scale and shift that a prediction lacks', () => {
    const factor = fc.double({ min: 0.1, max: 10, noNaN: true });
    fc.assert(
      fc.property(factor, factor, (scale, shift) => {
        const prediction = map((i) => (truth.data[i] - shift) / scale);
        const found = alignDepth({ prediction, truth, valid: everywhere });
        expect(found.scale / scale).toBeCloseTo(1, 4);
        expect(
          depthScores({ prediction: found.aligned, truth, valid: everywhere }).absRel,
        ).toBeLessThan(1e-4);
      }),
    );
  });

  it('does so in disparity', () => {
    const prediction = map((i) => 3 / truth.data[i] + 1);
    const pair: DepthPair = { prediction, truth, valid: everywhere };
    const { aligned, scale, shift } = alignDepth(pair, { space: 'disparity' });
    expect([scale, shift]).toEqual([expect.closeTo(1 / 3, 5), expect.closeTo(-1 / 3, 5)]);
    expect(depthScores({ ...pair, prediction: aligned }).rmse).toBeLessThan(1e-4);
  });

  it('looks at valid pixels alone', () => {
    const valid = everywhere.map((_, i) => (i % 3 === 0 ? 0 : 1));
    const prediction = map((i) => (valid[i] ? truth.data[i] / 2 : NaN));
    const pair: DepthPair = { prediction, truth, valid };
    const { aligned, scale } = alignDepth(pair);
    expect(scale).toBeCloseTo(2, 5);
    expect(depthScores({ ...pair, prediction: aligned }).delta1).toBe(1);
  });

  it('takes a level prediction for the mean, and refuses what cannot be fitted', () => {
    const level = map(() => 5);
    const { aligned } = alignDepth({ prediction: level, truth: map((i) => i), valid: everywhere });
    expect(aligned.data[0]).toBeCloseTo((width * height - 1) / 2, 5);
    const none = new Uint8Array(width * height);
    expect(() => alignDepth({ prediction: level, truth, valid: none })).toThrow(
      'expected at least 2 valid pixels to fit to, got 0',
    );
    expect(() => depthScores({ prediction: level, truth, valid: none })).toThrow(
      'expected a valid pixel, got none',
    );
    expect(() => alignDepth({ prediction: level, truth, valid: none.subarray(1) })).toThrow(
      'expected one map of depth and a mask of its size, got 1 channels of 6x4 and 23 elements',
    );
  });
});

it('a ratio of exactly 1.25 is not within 1.25', () => {
  const prediction = map(() => 1.25);
  const scores = depthScores({ prediction, truth: map(() => 1), valid: everywhere });
  expect(scores).toMatchObject({ delta1: 0, delta2: 1, delta3: 1, absRel: 0.25 });
  expect(scores.silog).toBeLessThan(1e-12);
  expect(scores.inverseRmse).toBeCloseTo(0.2, 12);
});

it('clampDepth leaves nothing at or below zero', () => {
  expect([
    ...clampDepth(
      map((i) => i - 1),
      0,
      3,
    ).data.slice(0, 6),
  ]).toEqual([1e-6, 1e-6, 1, 2, 3, 3].map(Math.fround));
});
