import { describe, expect, it } from 'vitest';
import { Random } from '../../../tensor/index.js';
import { createImage } from '../../image.js';
import { apertureKernel, blendAcross } from './defocus.js';
import type { BlurKernel } from './kernels.js';
import { inLinearLight } from './linearLight.js';
import { drawPath, pathKernel } from './motion.js';

/** Sum, centre of mass and the sides of the box around what is not zero. */
function measure({ size, weights }: BlurKernel) {
  const radius = (size - 1) / 2;
  let [sum, x, y] = [0, 0, 0];
  const [xs, ys]: [number[], number[]] = [[], []];
  weights.forEach((weight, i) => {
    const [dx, dy] = [(i % size) - radius, Math.floor(i / size) - radius];
    [sum, x, y] = [sum + weight, x + weight * dx, y + weight * dy];
    if (weight <= 0) return;
    xs.push(dx);
    ys.push(dy);
  });
  const side = (values: number[]) => Math.max(...values) - Math.min(...values);
  return { sum, x, y, extent: Math.max(side(xs), side(ys)) };
}

describe('a shaken path', () => {
  const cases = [5, 12, 35].flatMap((extent) =>
    [0, 0.5, 1].map((tremor) => ({ extent, tremor, pauses: tremor, seed: 10 * extent + tremor })),
  );

  it.each(cases)('sums to 1 about its centre, as far as drawn: %j', ({ seed, ...shake }) => {
    const path = drawPath(shake, Random.seeded(seed));
    const [xs, ys] = [path.map(([x]) => x), path.map(([, y]) => y)];
    const side = (values: number[]) => Math.max(...values) - Math.min(...values);
    expect(Math.max(side(xs), side(ys))).toBeCloseTo(shake.extent, 9);
    const { sum, x, y, extent } = measure(pathKernel(path));
    expect(sum).toBeCloseTo(1, 12);
    expect([x, y].every((mean) => Math.abs(mean) < 1e-9)).toBe(true);
    // A point between pixels lights both.
    expect(extent).toBeGreaterThanOrEqual(shake.extent - 1);
    expect(extent).toBeLessThanOrEqual(shake.extent + 2);
  });

  it('without tremor is a straight line, and with it is not', () => {
    const bend = (tremor: number): number => {
      const path = drawPath({ extent: 20, tremor, pauses: 0 }, Random.seeded(4));
      const length = path
        .slice(1)
        .reduce((sum, [x, y], i) => sum + Math.hypot(x - path[i][0], y - path[i][1]), 0);
      const [first, last] = [path[0], path[path.length - 1]];
      return length / Math.hypot(last[0] - first[0], last[1] - first[1]);
    };
    expect(bend(0)).toBeCloseTo(1, 9);
    expect(bend(1)).toBeGreaterThan(1.02);
  });
});

describe('an aperture', () => {
  it.each([
    [1, 0],
    [3.3, 0],
    [6, 0],
    [5, 6],
    [4, 5],
  ])('of radius %d with %i blades sums to 1 and covers its area', (radius, blades) => {
    const kernel = apertureKernel({ radius, blades, rotation: 0.3 });
    const { sum, x, y } = measure(kernel);
    expect(sum).toBeCloseTo(1, 12);
    if (blades % 2 === 0) expect([x, y].every((mean) => Math.abs(mean) < 1e-9)).toBe(true);
    const area =
      blades === 0
        ? Math.PI * radius ** 2
        : (blades / 2) * radius ** 2 * Math.sin((2 * Math.PI) / blades);
    const covered = 1 / Math.max(...kernel.weights);
    expect(Math.abs(covered / area - 1)).toBeLessThan(0.08);
  });

  it('may differ from side to side', () => {
    const [dark, light] = [0, 1].map((value) =>
      createImage(11, 5, 1, new Float32Array(55).fill(value)),
    );
    const blended = blendAcross(dark, light, 0).data;
    expect(blended[5]).toBeCloseTo(0.5, 6);
    expect(blended[0]).toBeLessThan(0.06);
    expect(blended[10]).toBeGreaterThan(0.94);
  });
});

it('light that was cut off spreads further than its value says', () => {
  const spot = createImage(9, 1, 1);
  spot.data[4] = 1;
  const halve = (highlights: number): number =>
    inLinearLight(spot, highlights, (light) => ({ ...light, data: light.data.map((x) => x / 2) }))
      .data[4];
  expect(halve(1)).toBeCloseTo(0.7354, 3);
  expect(halve(4)).toBe(1);
});
