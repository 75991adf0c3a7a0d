import { expect, it } from 'vitest';
import { curveSvg, curveTable } from './learningCurves.js';

const curves = [
  {
    name: 'distilled',
    points: [
      { step: 0, score: 0.5 },
      { step: 10, score: 0.1 },
      { step: 20, score: 0.05 },
    ],
  },
  {
    name: 'a < b',
    points: [
      { step: 0, score: 1 },
      { step: 20, score: 0.2 },
    ],
  },
];

it('puts the steps that all curves have side by side', () => {
  expect(curveTable(curves)).toEqual([
    ['step', 'distilled', 'a < b'],
    ['0', '0.5000', '1.000'],
    ['20', '0.05000', '0.2000'],
  ]);
});

it('draws every curve, lower scores lower', () => {
  const svg = curveSvg(curves, 'held-out loss');
  const [first, second] = [...svg.matchAll(/<path d="M([^"]*)" fill="none"/g)].map(([, path]) =>
    path.split('L').map((point) => point.split(' ').map(Number)),
  );
  expect(first).toHaveLength(3);
  expect(second).toHaveLength(2);
  const [xs, ys] = [0, 1].map((i) => first.map((point) => point[i]));
  expect(xs).toEqual([...xs].sort((a, b) => a - b));
  expect(ys).toEqual([...ys].sort((a, b) => a - b));
  // Both axes are shared: the same step lies below the same step, a higher score above a lower one.
  expect(second[1][0]).toBe(first[2][0]);
  expect(second[0][1]).toBeLessThan(first[0][1]);
  expect(svg).toContain('a &lt; b');
});
