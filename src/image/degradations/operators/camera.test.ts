import { describe, expect, it } from 'vitest';
import { Random } from '../../../tensor/index.js';
import { channelPlane, createImage, type Image } from '../../image.js';
import { sharpCodec } from '../codec-node.js';
import { applySteps, drawDegradation } from '../degradation.js';
import { degradationSchema } from '../schema.js';
import { addSensorNoise, demosaic, drawReadNoise, mosaicOf, type Mosaic } from './bayer.js';
import { drawCameraColour, fromSensor, toSensor } from './cameraColour.js';
import { processAsPhone } from './phone.js';
import { curves, linearToSrgb, linearToTone, srgbToLinear, toneToLinear } from './toneCurve.js';

const random = () => Random.seeded(8);

/** Slopes in all directions, of moderate colours. */
function slopes(width: number, height: number): Image {
  const data = Float32Array.from({ length: 3 * width * height }, (_, i) => {
    const [channel, y, x] = [
      Math.floor(i / (width * height)),
      Math.floor(i / width) % height,
      i % width,
    ];
    return 0.2 + 0.1 * channel + (0.3 * x) / width + (0.2 * y) / height;
  });
  return createImage(width, height, 3, data);
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
}

describe('curves', () => {
  it.each([
    ['camera', toneToLinear, linearToTone],
    ['srgb', srgbToLinear, linearToSrgb],
  ] as const)(
    "of %s are within 1e-4 of their formulas, and each other's inverse",
    (name, there, back) => {
      const values = Float32Array.from({ length: 1001 }, (_, i) => i / 1000);
      const [light, again] = [values.slice(), values.slice()];
      curves(name).toLinear(light);
      curves(name).fromLinear(again);
      values.forEach((x, i) => {
        expect(Math.abs(light[i] - there(x))).toBeLessThan(1e-4);
        expect(Math.abs(again[i] - back(x))).toBeLessThan(1e-4);
        expect(back(there(x))).toBeCloseTo(x, 5);
      });
    },
  );
});

describe("a camera's colours", () => {
  it('keep gray gray and come back', () => {
    const colour = drawCameraColour(random());
    const image = slopes(16, 12);
    const seen = { ...image, data: image.data.map((x) => 0.4 * x) };
    const before = seen.data.slice();
    toSensor(seen, colour);
    expect(Math.max(...seen.data.map((x, i) => Math.abs(x - before[i])))).toBeGreaterThan(0.05);
    fromSensor(seen, colour);
    seen.data.forEach((x, i) => {
      expect(x).toBeCloseTo(before[i], 5);
    });
    for (let row = 0; row < 9; row += 3) {
      const [a, b, c] = colour.toCamera.slice(row, row + 3);
      expect(a + b + c).toBeCloseTo(1, 12);
    }
  });
});

describe('sensor noise', () => {
  it('has the variance drawn: slope and intercept within 5 %', () => {
    const generator = random();
    const shot = 0.006;
    const read = drawReadNoise(shot, generator);
    const [levels, samples] = [24, 40_000];
    const data = Float32Array.from(
      { length: levels * samples },
      (_, i) => Math.floor(i / samples) / levels,
    );
    const mosaic: Mosaic = { width: samples, height: levels, left: 0, top: 0, data };
    addSensorNoise(mosaic, { shot, read }, generator);
    // Least squares of the variance against the signal, each level weighted by how well its variance is known.
    let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
    for (let level = 0; level < levels; level++) {
      const x = level / levels;
      const y = deviation(data.subarray(level * samples, (level + 1) * samples)) ** 2;
      const weight = 1 / y ** 2;
      [w, wx, wy, wxx, wxy] = [
        w + weight,
        wx + weight * x,
        wy + weight * y,
        wxx + weight * x * x,
        wxy + weight * x * y,
      ];
    }
    const slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
    const intercept = (wy - slope * wx) / w;
    expect(Math.abs(slope / shot - 1)).toBeLessThan(0.05);
    expect(Math.abs(intercept / read - 1)).toBeLessThan(0.05);
  });

  it('of reading goes with that of light as in cameras', () => {
    const generator = random();
    const shots = Array.from({ length: 500 }, () =>
      Math.exp(generator.uniform(Math.log(1e-4), Math.log(0.012))),
    );
    const residuals = shots.map(
      (shot) => Math.log(drawReadNoise(shot, generator)) - 2.18 * Math.log(shot) - 1.2,
    );
    expect(deviation(Float32Array.from(residuals))).toBeGreaterThan(0.23);
    expect(deviation(Float32Array.from(residuals))).toBeLessThan(0.29);
  });

  it.each(['bilinear', 'malvar'])(
    'is alike in neighbours (above 0.2) after %s demosaicing',
    async (demosaicing) => {
      const flat = createImage(128, 128, 3, new Float32Array(3 * 128 * 128).fill(0.5));
      const plain = degradationSchema.parse({
        kind: 'camera_noise',
        shot: 0.005,
        demosaicing: [demosaicing],
      });
      const steps = drawDegradation(plain, random(), { width: 128, height: 128, scale: 1 });
      const noisy = await applySteps(flat, steps, sharpCodec);
      for (const channel of [0, 1, 2]) {
        const plane = channelPlane(noisy, channel);
        const mean = plane.reduce((sum, x) => sum + x, 0) / plane.length;
        let [product, square] = [0, 0];
        for (let i = 0; i + 1 < plane.length; i++) {
          if (i % 128 === 127) continue;
          product += (plane[i] - mean) * (plane[i + 1] - mean);
          square += (plane[i] - mean) ** 2;
        }
        expect(product / square).toBeGreaterThan(0.2);
        expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
      }
    },
  );
});

describe('demosaicing', () => {
  const phases = [0, 1].flatMap((left) =>
    [0, 1].map((top) => ({ left, top }) as { left: 0 | 1; top: 0 | 1 }),
  );

  it.each(['bilinear', 'malvar'] as const)(
    '%s keeps what was seen and slopes, wherever red is',
    (method) => {
      const image = slopes(20, 14);
      for (const phase of phases) {
        const mosaic = mosaicOf(image, phase);
        const guessed = demosaic(mosaic, method);
        for (let y = 2; y < 12; y++) {
          for (let x = 2; x < 18; x++) {
            const colour = ((y + phase.top) & 1) + ((x + phase.left) & 1);
            const at = y * 20 + x;
            expect(channelPlane(guessed, colour)[at]).toBe(mosaic.data[at]);
            for (const channel of [0, 1, 2]) {
              expect(channelPlane(guessed, channel)[at]).toBeCloseTo(
                channelPlane(image, channel)[at],
                5,
              );
            }
          }
        }
      }
    },
  );
});

describe('a phone', () => {
  it('takes noise out of what is flat, and keeps edges', () => {
    const generator = random();
    const edge = createImage(
      64,
      64,
      3,
      Float32Array.from({ length: 3 * 4096 }, (_, i) => (i % 64 < 32 ? 0.3 : 0.7)),
    );
    const noisy = { ...edge, data: edge.data.map((x) => x + 0.03 * generator.normal()) };
    const processed = processAsPhone(noisy, { denoise: 0.9, sharpen: 0 });
    const left = (image: Image) =>
      Float32Array.from(image.data.filter((_, i) => i < 4096 && i % 64 < 28));
    expect(deviation(left(processed))).toBeLessThan(0.6 * deviation(left(noisy)));
    const jump = (image: Image) => image.data[40 * 64 + 36] - image.data[40 * 64 + 27];
    expect(jump(processed)).toBeGreaterThan(0.3);
  });
});
