import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../tensor/index.js';
import { betaSchedules, createNoiseSchedule, stableDiffusionNoise } from './noiseSchedule.js';
import { addNoiseAt, minSnrWeight, noiseLevel, signalToNoise, trainingTarget } from './noising.js';
import { predictedNoise, predictedOriginal, predictionTypes } from './predictionType.js';

const schedule = createNoiseSchedule(stableDiffusionNoise);
const timesteps = fc.integer({ min: 0, max: 999 });

describe('a noise schedule', () => {
  it.each(betaSchedules)('%s loses signal with every timestep, and never all of it', (name) => {
    const { betas, alphasCumprod } = createNoiseSchedule({
      ...stableDiffusionNoise,
      betaSchedule: name,
    });
    expect(betas).toHaveLength(1000);
    expect(betas.every((beta) => beta > 0 && beta < 1)).toBe(true);
    expect(alphasCumprod.every((share, t) => share < (t > 0 ? alphasCumprod[t - 1] : 1))).toBe(
      true,
    );
    expect(alphasCumprod[999]).toBeGreaterThan(0);
  });

  it('of zero SNR keeps its first entry and ends in noise', () => {
    const rescaled = createNoiseSchedule({ ...stableDiffusionNoise, rescaleBetasZeroSnr: true });
    expect(rescaled.alphasCumprod[0]).toBeCloseTo(schedule.alphasCumprod[0], 12);
    expect(rescaled.alphasCumprod[999]).toBe(0);
    expect(signalToNoise(rescaled, 999)).toBe(0);
  });

  it('can be given beta by beta', () => {
    const trained = createNoiseSchedule({ ...stableDiffusionNoise, trainedBetas: [0.5, 0.5] });
    expect([...trained.alphasCumprod]).toEqual([0.5, 0.25]);
  });

  it('refuses timesteps it does not have', () => {
    expect(() => noiseLevel(schedule, 1000)).toThrow('expected a timestep of 0 to 999, got 1000');
    expect(() => noiseLevel(schedule, 0.5)).toThrow('got 0.5');
  });
});

describe('noising', () => {
  it('gives each entry of a batch its own level', () => {
    const [clean, noise] = [Float32Array.of(1, 1, 1, 1), Float32Array.of(0, 0, 2, 2)];
    const noisy = addNoiseAt(schedule, clean, noise, [0, 999]);
    const [first, last] = [noiseLevel(schedule, 0), noiseLevel(schedule, 999)];
    expect(noisy[0]).toBeCloseTo(first.alpha, 6);
    expect(noisy[3]).toBeCloseTo(last.alpha + 2 * last.sigma, 6);
    expect(() => addNoiseAt(schedule, clean, noise, [0, 1, 2])).toThrow('a multiple of 3');
  });

  it.each(predictionTypes)('is undone by a perfect %s', (type) => {
    fc.assert(
      fc.property(timesteps, fc.integer(), (t, seed) => {
        const random = Random.seeded(seed);
        const [clean, noise] = [random.normals(8), random.normals(8)];
        const noisy = addNoiseAt(schedule, clean, noise, [t]);
        const output = trainingTarget(schedule, type, clean, noise, [t]);
        const level = noiseLevel(schedule, t);
        const original = predictedOriginal(type, output, noisy, level);
        const epsilon = predictedNoise(type, output, noisy, level);
        for (let i = 0; i < 8; i++) {
          expect(original[i]).toBeCloseTo(clean[i], 4);
          expect(epsilon[i]).toBeCloseTo(noise[i], 3);
        }
      }),
    );
  });
});

describe('min-SNR weights', () => {
  it('weigh the error of the clean sample alike for every prediction', () => {
    fc.assert(
      fc.property(timesteps, (t) => {
        const snr = signalToNoise(schedule, t);
        // The same error of the clean sample is sqrt(snr) times it in epsilon, sqrt(snr + 1) times in v.
        const ofSample = minSnrWeight(schedule, 'sample', t, 5);
        expect(minSnrWeight(schedule, 'epsilon', t, 5) * snr).toBeCloseTo(ofSample, 10);
        expect(minSnrWeight(schedule, 'v_prediction', t, 5) * (snr + 1)).toBeCloseTo(ofSample, 10);
        expect(ofSample).toBeLessThanOrEqual(5);
      }),
    );
  });

  it('are finite for pure noise', () => {
    const rescaled = createNoiseSchedule({ ...stableDiffusionNoise, rescaleBetasZeroSnr: true });
    expect(predictionTypes.map((type) => minSnrWeight(rescaled, type, 999, 5))).toEqual([1, 0, 0]);
  });
});
