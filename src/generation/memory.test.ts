import { expect, it } from 'vitest';
import { parsePipeline, presets, stagedUnetOf } from '../models/index.js';
import { MemoryError } from '../runtime/memory.js';
import { choosePlan, generationBytes, type PipelineSizes, type RequestSizes } from './memory.js';
import type { GenerationPlan } from './createPipeline.js';

const { unet, vae } = parsePipeline(presets['sd-mini'], (component) => component);
const sizes: PipelineSizes = {
  textEncoder: null,
  contextTokens: 4,
  unet: stagedUnetOf(unet.network),
  vae: vae.network,
  storedInHalves: false,
};
const request: RequestSizes = {
  size: { width: 512, height: 512 },
  fromImage: false,
  guided: true,
};
const roomy: GenerationPlan = { guidance: 'batched', residency: 'all' };
const tight: GenerationPlan = { guidance: 'sequential', residency: 'one' };
const bytesOf = (changes: Partial<RequestSizes & PipelineSizes>, plan = roomy): number =>
  generationBytes({ ...sizes, ...changes }, { ...request, ...changes }, plan);

it('takes the more memory, the more there is to do at once', () => {
  const whole = bytesOf({});
  expect(bytesOf({}, tight)).toBeLessThan(whole);
  expect(bytesOf({}, { ...roomy, guidance: 'sequential' })).toBeLessThan(whole);
  expect(bytesOf({}, { ...roomy, residency: 'one' })).toBeLessThan(whole);
  expect(bytesOf({ guided: false })).toBeLessThan(whole);
  expect(bytesOf({ fromImage: true })).toBeGreaterThan(whole);
  expect(bytesOf({ size: { width: 1024, height: 512 } })).toBeGreaterThan(1.5 * whole);
});

it('chooses the first plan that fits', () => {
  const plans = [roomy, tight];
  const [much, little] = plans.map((plan) => bytesOf({}, plan));
  expect(choosePlan(sizes, request, much, plans)).toEqual({ plan: roomy, bytes: much });
  expect(choosePlan(sizes, request, much - 1, plans)).toEqual({ plan: tight, bytes: little });
  const attempt = () => choosePlan(sizes, request, 2e8, plans);
  expect(attempt).toThrow(MemoryError);
  expect(attempt).toThrow(
    /^expected [\d.]+ [MG]B of memory to make a picture of 512x512 pixels, got 200 MB$/,
  );
});
