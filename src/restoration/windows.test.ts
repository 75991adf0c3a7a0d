import { describe, expect, it } from 'vitest';
import { createImage } from '../image/index.js';
import { cutWindow } from './windows.js';

const ramp = createImage(3, 2, 1, Float32Array.of(1, 2, 3, 4, 5, 6));

describe('windows of an image', () => {
  it('go on mirrored beyond its right and lower ends', () => {
    const { data } = cutWindow(ramp, { left: 1, top: 0, width: 5, height: 4 });
    expect([...data]).toEqual([
      ...[2, 3, 3, 2, 1], //
      ...[5, 6, 6, 5, 4],
      ...[5, 6, 6, 5, 4],
      ...[2, 3, 3, 2, 1],
    ]);
  });

  it('exist for an image of one pixel', () => {
    const { data } = cutWindow(createImage(1, 1, 3, Float32Array.of(0.1, 0.2, 0.3)), {
      left: 0,
      top: 0,
      width: 2,
      height: 2,
    });
    expect([...data]).toEqual(
      [0.1, 0.2, 0.3].flatMap((v) => new Array<number>(4).fill(Math.fround(v))),
    );
  });
});
