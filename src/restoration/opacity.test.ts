import { describe, expect, it } from 'vitest';
import { createImage } from '../image/index.js';
import { bleedColours, limitToSurroundings } from './opacity.js';

describe('colours of clear pixels', () => {
  it('come from the nearest opaque ones, as far as they reach', () => {
    const colours = createImage(6, 1, 1, Float32Array.of(0.8, 0, 0, 0, 0, 0));
    bleedColours(colours, Float32Array.of(1, 0, 0, 0, 0, 0), 3);
    expect([...colours.data]).toEqual([0.8, 0.8, 0.8, 0.8, 0, 0].map(Math.fround));
  });

  it('are the mean of those on both sides', () => {
    const colours = createImage(3, 1, 1, Float32Array.of(0.25, 0, 0.75));
    bleedColours(colours, Float32Array.of(0.1, 0, 1), 1);
    expect([...colours.data]).toEqual([0.25, 0.5, 0.75]);
  });

  it('stay where nothing is opaque', () => {
    const colours = createImage(2, 1, 1, Float32Array.of(0.25, 0.5));
    bleedColours(colours, Float32Array.of(0, 0), 8);
    expect([...colours.data]).toEqual([0.25, 0.5]);
  });
});

describe('an enlarged plane', () => {
  it('keeps within what was around each pixel', () => {
    const original = Float32Array.of(0, 0, 0, 1);
    const enlarged = Float32Array.from({ length: 16 }, (_, i) => (i % 2 ? 1.2 : -0.2));
    limitToSurroundings(enlarged, original, 4, 2);
    expect([...enlarged.subarray(0, 8)]).toEqual([0, 0, 0, 0, 0, 1, 0, 1]);
  });
});
