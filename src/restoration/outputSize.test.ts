import { describe, expect, it } from 'vitest';
import { outputSize } from './outputSize.js';

const photo = { width: 600, height: 401 };

describe('the size of a result', () => {
  it.each([
    [{}, 2400, 1604],
    [{ scale: 2 }, 1200, 802],
    [{ scale: 2.5 }, 1500, 1003],
    [{ width: 900 }, 900, 602],
    [{ height: 802 }, 1200, 802],
    [{ width: 1200, height: 10_000 }, 1200, 802],
    [{ width: 10_000, height: 802 }, 1200, 802],
    [{ scale: 0.25 }, 150, 100],
  ])('for %j is %i x %i', (options, width, height) => {
    expect(outputSize(photo, 4, options)).toEqual({ width, height });
  });

  it('is at least a pixel a side', () => {
    expect(outputSize({ width: 1000, height: 1 }, 4, { scale: 0.3 }).height).toBe(1);
  });

  it('is refused where it makes no sense', () => {
    expect(() => outputSize(photo, 4, { scale: 2, width: 5 })).toThrow(
      'expected either a scale or a width and height, got both',
    );
    expect(() => outputSize(photo, 4, { width: 60 })).toThrow('got 0.1 times');
    expect(() => outputSize(photo, 4, { scale: NaN })).toThrow('got NaN times');
  });
});
