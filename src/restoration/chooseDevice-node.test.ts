import { expect, it } from 'vitest';
import { createImage } from '../image/index.js';
import { fastestRight, type WrongDevice } from './chooseDevice-node.js';
import type { SelfTest } from './selfTest.js';

const restored = createImage(1, 1, 3);
const cpu: SelfTest = { device: 'cpu', problem: null, maxError: 0, restored, pixelsPerSecond: 1e5 };
const absent: SelfTest = {
  ...{ device: 'cuda', problem: 'no driver' },
  ...{ maxError: null, restored: null, pixelsPerSecond: null },
};
const black: SelfTest = { ...cpu, device: 'webgpu', problem: 'its results are black' };

it('takes the fastest of the devices whose numbers are right', () => {
  const fast = { ...cpu, device: 'coreml', pixelsPerSecond: 1e6 };
  expect(fastestRight([cpu, fast, absent])).toBe('coreml');
  expect(fastestRight([cpu, { ...fast, pixelsPerSecond: 1e4 }])).toBe('cpu');
});

it('avoids those whose numbers are wrong, and says so; not of those that are not there', () => {
  const told: WrongDevice[] = [];
  expect(fastestRight([cpu, absent, black], (wrong) => told.push(wrong))).toBe('cpu');
  expect(told).toEqual([{ device: 'webgpu', problem: 'its results are black' }]);
});
