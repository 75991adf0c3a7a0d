import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { grayToRgb, rgbToGray } from '../../colour.js';
import { createImage, imageToBytes, quantizeImage, type Image } from '../../image.js';
import { psnr } from '../../metrics/psnr.js';
import { readImage } from '../../sharp-node.js';
import { jpegRoundTrip, roundSmoothly } from './diffJpeg.js';

/** Waves of several directions and frequencies. */
function waves(width: number, height: number): Image {
  const data = Float32Array.from({ length: 3 * width * height }, (_, i) => {
    const x = i % width;
    const y = Math.floor(i / width) % height;
    const phase = Math.floor(i / (width * height));
    return 0.5 + 0.2 * Math.sin(x / 3 + phase) * Math.cos(y / 5) + 0.15 * Math.sin((x + y) / 11);
  });
  return quantizeImage(createImage(width, height, 3, data));
}

async function encodedAndDecoded(image: Image, quality: number): Promise<Image> {
  const { width, height } = image;
  const raw = { width, height, channels: 3 } as const;
  return readImage(await sharp(imageToBytes(image), { raw }).jpeg({ quality }).toBuffer());
}

describe('jpegRoundTrip', () => {
  // Gray, because decoders interpolate chroma where this repeats it.
  it.each([20, 50, 90])('loses as much as a JPEG file of quality %i does', async (quality) => {
    const image = grayToRgb(rgbToGray(waves(96, 64)));
    const ours = jpegRoundTrip(image, quality);
    const theirs = await encodedAndDecoded(image, quality);
    expect(Math.abs(psnr(image, ours) - psnr(image, theirs))).toBeLessThan(0.75);
  });

  it('keeps a gray level and any size', () => {
    for (const [width, height] of [
      [16, 16],
      [3, 5],
      [33, 17],
    ] as const) {
      const flat = createImage(
        width,
        height,
        3,
        new Float32Array(3 * width * height).fill(128 / 255),
      );
      const coded = jpegRoundTrip(flat, 90);
      expect([coded.width, coded.height]).toEqual([width, height]);
      if (width === 16) for (const value of coded.data) expect(value).toBeCloseTo(128 / 255, 6);
    }
  });

  it('loses less at a higher quality', () => {
    const image = waves(48, 48);
    const qualities = [5, 25, 60, 95].map((quality) => psnr(image, jpegRoundTrip(image, quality)));
    expect([...qualities].sort((a, b) => a - b)).toEqual(qualities);
  });

  it('refuses what is no quality and no colour image', () => {
    expect(() => jpegRoundTrip(waves(8, 8), 100)).toThrow(
      'expected a JPEG quality of at least 1 and below 100, got 100',
    );
    expect(() => jpegRoundTrip(createImage(8, 8, 1), 50)).toThrow(
      'expected an image of 3 channels',
    );
  });
});

it('smooth rounding meets rounding halfway between integers and at them', () => {
  expect(roundSmoothly(3)).toBe(3);
  expect(roundSmoothly(3.2)).toBeCloseTo(3.008, 12);
  expect(roundSmoothly(2.8)).toBeCloseTo(2.992, 12);
});
