import { expect, it } from 'vitest';
import { createWaitWatch } from './waiting.js';

/** What is said of so many steps of 100 ms that wait for `dataMs` of them. */
function said(steps: number, dataMs: number): string[] {
  const watch = createWaitWatch('a pool helps');
  return Array.from({ length: steps }, (_, i) => {
    const ms = i === 0 ? 60_000 : 100;
    const waited = i === 0 ? 59_000 : dataMs;
    return watch({ step: i + 1, loss: 1, learningRate: 1, gradientNorm: 1, ms, dataMs: waited });
  }).filter((line) => line !== null);
}

it('a run that waits for data says so once, with what helps', () => {
  expect(said(1000, 16)).toEqual(['training waits for data 16 % of its time; a pool helps']);
});

it('a run that waits little, or only at its beginning, says nothing', () => {
  expect(said(1000, 15)).toEqual([]);
  expect(said(100, 90)).toEqual([]);
});
