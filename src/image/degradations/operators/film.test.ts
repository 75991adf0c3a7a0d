import { describe, expect, it } from 'vitest';
import { Random } from '../../../tensor/index.js';
import { channelPlane, createImage, type Image } from '../../image.js';
import { addGrain, fade, halftone, scanLines } from './film.js';
import { halveChroma, reducePalette } from './software.js';

function flat(...values: number[]): Image {
  const data = Float32Array.from(
    { length: values.length * 96 * 96 },
    (_, i) => values[Math.floor(i / 9216)],
  );
  return createImage(96, 96, values.length, data);
}

function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
}

describe('grain', () => {
  it.each([0, 0.8, 1.5])('of size %d has the deviation drawn, and less in black', (size) => {
    const grainy = addGrain(
      flat(0.5, 0.02, 0.5),
      { sigma: 12, size, colour: 'colour' },
      Random.seeded(3),
    );
    const [middle, black] = [0, 1].map((channel) => moments(channelPlane(grainy, channel)));
    expect(Math.abs((middle.deviation * 255) / 12 - 1)).toBeLessThan(0.08);
    expect(black.deviation).toBeLessThan(0.35 * middle.deviation);
  });

  it('may be the same in all channels', () => {
    const grainy = addGrain(
      flat(0.5, 0.5, 0.5),
      { sigma: 12, size: 1, colour: 'gray' },
      Random.seeded(3),
    );
    expect(channelPlane(grainy, 0)).toEqual(channelPlane(grainy, 2));
  });
});

it('fading keeps between the blacks and whites drawn', () => {
  const print = fade(flat(0, 1, 0.5), { black: [0.1, 0, 0], white: [1, 0.8, 0.9], saturation: 1 });
  expect(print.data[0]).toBeCloseTo(0.1, 6);
  expect(print.data[9216]).toBeCloseTo(0.8, 6);
  const gray = fade(flat(0.2, 0.9, 0.4), { black: [0, 0, 0], white: [1, 1, 1], saturation: 0 });
  expect(gray.data[0]).toBeCloseTo(gray.data[9216], 6);
});

it('a half-tone screen has about the mean of what it prints, in dots', () => {
  for (const value of [0.3, 0.5, 0.7]) {
    const { mean, deviation } = moments(
      halftone(flat(value), { pitch: 5, angle: 0.4, amount: 1 }).data,
    );
    expect(Math.abs(mean - value)).toBeLessThan(0.06);
    expect(deviation).toBeGreaterThan(0.2);
  }
});

it('scan lines darken rows at equal distances', () => {
  const { data } = scanLines(flat(0.8), { pitch: 4, phase: 0, depth: 0.25 });
  expect([0, 1, 2, 3, 4].map((y) => Number(data[y * 96].toFixed(3)))).toEqual([
    0.8, 0.7, 0.6, 0.7, 0.8,
  ]);
});

describe('software', () => {
  it('halves the resolution of colours and keeps that of light', () => {
    const stripes = createImage(
      32,
      4,
      3,
      Float32Array.from({ length: 384 }, (_, i) => (i < 128 && i % 2 === 0 ? 0.8 : 0.3)),
    );
    const halved = halveChroma(stripes, 'box');
    const luma = ({ data }: Image, i: number) =>
      0.299 * data[i] + 0.587 * data[128 + i] + 0.114 * data[256 + i];
    for (const i of [4, 5]) expect(luma(halved, i)).toBeCloseTo(luma(stripes, i), 5);
    expect(halved.data[4] - halved.data[128 + 4]).toBeCloseTo(
      halved.data[5] - halved.data[128 + 5],
      5,
    );
  });

  it('rounds to few values, and keeps the mean where it dithers', () => {
    const image = flat(0.4);
    expect(new Set(reducePalette(image, 4, false).data).size).toBe(1);
    const dithered = reducePalette(image, 4, true).data;
    expect(new Set(dithered).size).toBe(2);
    expect(moments(dithered).mean).toBeCloseTo(0.4, 2);
  });
});
