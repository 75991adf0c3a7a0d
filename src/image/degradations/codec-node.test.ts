import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import { grayToRgb, rgbToGray } from '../colour.js';
import { createImage, imageToBytes, quantizeImage, type Image } from '../image.js';
import { psnr } from '../metrics/psnr.js';
import { readImage } from '../sharp-node.js';
import { sharpCodec } from './codec-node.js';
import { applyDegradation } from './degradation.js';
import { degradationSchema } from './schema.js';

function waves(width: number, height: number): Image {
  const data = Float32Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y, channel] = [
      i % width,
      Math.floor(i / width) % height,
      Math.floor(i / (width * height)),
    ];
    return 0.5 + 0.25 * Math.sin(x / 3 + channel) * Math.cos(y / 5) + 0.15 * Math.sin((x + y) / 11);
  });
  return quantizeImage(createImage(width, height, 3, data));
}

const image = waves(75, 50);
const jpeg = { format: 'jpeg', quality: 40, progressive: false, chroma: '4:2:0' } as const;
const degrade = (plain: object, seed = 1): Promise<Image> =>
  applyDegradation(image, degradationSchema.parse(plain), Random.seeded(seed), {
    scale: 1,
    codec: sharpCodec,
  });

describe('sharpCodec', () => {
  it.each(['4:2:0', '4:4:4'] as const)(
    'gives what a JPEG file of %s holds, to the bit',
    async (chroma) => {
      const raw = { width: 75, height: 50, channels: 3 } as const;
      const file = sharp(imageToBytes(image), { raw }).jpeg({
        quality: 40,
        chromaSubsampling: chroma,
      });
      const expected = await readImage(await file.toBuffer());
      expect(await sharpCodec(image, { ...jpeg, chroma })).toEqual(expected);
    },
  );

  it('loses the same in progressive files, and colour in files of 4:2:0', async () => {
    const plain = await sharpCodec(image, jpeg);
    expect(await sharpCodec(image, { ...jpeg, progressive: true })).toEqual(plain);
    const full = await sharpCodec(image, { ...jpeg, chroma: '4:4:4' });
    expect(psnr(image, full)).toBeGreaterThan(psnr(image, plain) + 1);
  });

  it.each(['jpeg', 'webp', 'avif'] as const)(
    'loses more by %s at a lower quality',
    async (format) => {
      const at = async (quality: number) =>
        psnr(image, await sharpCodec(image, { ...jpeg, format, quality }));
      expect(await at(15)).toBeLessThan((await at(80)) - 1);
    },
  );

  it('keeps gray pictures gray', async () => {
    const gray = rgbToGray(image);
    const coded = await sharpCodec(gray, jpeg);
    expect(coded.channels).toBe(1);
    expect(psnr(grayToRgb(gray), grayToRgb(coded))).toBeGreaterThan(25);
  });
});

describe('jpeg', () => {
  it('may have its blocks anywhere, which loses as much', async () => {
    const aligned = await degrade({ kind: 'jpeg', quality: 40 });
    expect(aligned).toEqual(await sharpCodec(image, jpeg));
    const shifted = await degrade({ kind: 'jpeg', quality: 40, shifted: 1 });
    expect([shifted.width, shifted.height]).toEqual([75, 50]);
    expect(shifted).not.toEqual(aligned);
    expect(Math.abs(psnr(image, shifted) - psnr(image, aligned))).toBeLessThan(1);
  });
});
