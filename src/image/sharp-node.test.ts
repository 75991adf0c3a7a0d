import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImage, imageToBytes, quantizeImage, type Image } from './image.js';
import { encodeImage, ImageFileError, readImage, readPhoto, writeImage } from './sharp-node.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-image-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Smooth, so that lossy formats come close. */
function gradient(width: number, height: number, channels: number): Image {
  const size = width * height;
  const data = Float32Array.from({ length: size * channels }, (_, i) => {
    const x = (i % width) / width;
    const y = Math.floor((i % size) / width) / height;
    return (x + y + Math.floor(i / size) * 0.2) / 2.4;
  });
  return quantizeImage(createImage(width, height, channels, data));
}

describe('writeImage and readImage', () => {
  it.each(['png', 'tiff'])('keep every bit of a %s', async (extension) => {
    for (const [width, height] of [
      [1, 1],
      [3, 5],
      [40, 30],
    ] as const) {
      const path = join(folder, `exact.${extension}`);
      await writeImage(path, gradient(width, height, 3));
      expect(await readImage(path)).toEqual(gradient(width, height, 3));
    }
  });

  it.each(['jpg', 'JPEG', 'webp', 'avif'])('come close with a %s', async (extension) => {
    const path = join(folder, `close.${extension}`);
    const image = gradient(64, 48, 3);
    await writeImage(path, image);
    const decoded = await readImage(path);
    const worst = image.data.reduce(
      (largest, value, i) => Math.max(largest, Math.abs(value - decoded.data[i])),
      0,
    );
    expect(worst).toBeLessThan(0.03);
  });

  it('keep transparency as a plane of its own', async () => {
    const path = join(folder, 'alpha.png');
    const alpha = gradient(8, 6, 1);
    await writeImage(path, gradient(8, 6, 3), { alpha });
    expect(await readPhoto(path)).toEqual({ image: gradient(8, 6, 3), alpha });
    await expect(
      writeImage(join(folder, 'alpha.jpg'), gradient(8, 6, 3), { alpha }),
    ).rejects.toThrow('alpha.jpg: JPEG holds no transparency');
  });

  it('write gray, and read it as RGB', async () => {
    const image = await readImage(await encodeImage('png', gradient(8, 6, 1)));
    expect(image.channels).toBe(3);
    expect(image.data.slice(96)).toEqual(gradient(8, 6, 1).data);
  });

  it('turn a picture upright', async () => {
    const { width, height, channels } = gradient(4, 2, 3);
    const pixels = sharp(imageToBytes(gradient(4, 2, 3)), { raw: { width, height, channels: 3 } });
    const bytes = await pixels.withMetadata({ orientation: 6 }).png().toBuffer();
    expect(await readImage(bytes)).toMatchObject({ width: 2, height: 4, channels });
  });

  it('leave nothing behind when writing fails', async () => {
    const before = await readdir(folder);
    const image = gradient(4, 4, 3);
    await expect(writeImage(join(folder, 'none', 'x.png'), image)).rejects.toThrow(
      /none\/x\.png: no such file or directory$/,
    );
    await expect(writeImage(join(folder, 'x.xyz'), image)).rejects.toThrow(
      /x\.xyz: expected a name that ends in \.png, \.jpg/,
    );
    await expect(writeImage(join(folder, 'x.png'), gradient(4, 4, 5))).rejects.toThrow(
      'x.png: expected 1 or 3 channels to write, got 5',
    );
    expect(await readdir(folder)).toEqual(before);
  });
});

describe('bad input is one line', () => {
  const failure = (source: string | Uint8Array, maxPixels = 1e6): Promise<unknown> =>
    readImage(source, { maxPixels }).then(
      () => 'no error',
      (error: unknown) => error,
    );

  it('names the file and the reason', async () => {
    const jpeg = await encodeImage('jpeg', gradient(200, 200, 3));
    const png = await encodeImage('png', gradient(200, 200, 3));
    const files: [string, Uint8Array, RegExp][] = [
      ['zero.png', new Uint8Array(), /zero\.png: expected an image, got no bytes$/],
      [
        'text.jpg',
        Buffer.from('not an image'),
        /text\.jpg: expected an image, got something else$/,
      ],
      ['half.jpg', jpeg.subarray(0, jpeg.length / 2), /half\.jpg: the image is damaged/],
      ['half.png', png.subarray(0, png.length / 2), /half\.png: the image is damaged/],
      ['cut.bmp', Buffer.from('BM'), /cut\.bmp: expected a BMP header of 54 bytes, got 2$/],
    ];
    for (const [name, bytes, message] of files) {
      await writeFile(join(folder, name), bytes);
      const error = await failure(join(folder, name));
      expect(error).toBeInstanceOf(ImageFileError);
      expect(error).toHaveProperty('message', expect.stringMatching(message));
      expect(String(error)).not.toContain('\n');
    }
  });

  it('covers missing files, directories and sizes', async () => {
    expect(String(await failure(join(folder, 'nope.png')))).toMatch(/nope\.png: no such file/);
    expect(String(await failure(folder))).toMatch(/expected a file, got a directory/);
    const png = await encodeImage('png', gradient(20, 10, 3));
    expect(String(await failure(png, 199))).toMatch(/expected at most 199 pixels, got 20x10/);
  });
});

it('an overwritten file is replaced whole', async () => {
  const path = join(folder, 'twice.png');
  await writeImage(path, gradient(40, 40, 3));
  await writeImage(path, gradient(4, 4, 3));
  expect(await readFile(path)).toEqual(Buffer.from(await encodeImage('png', gradient(4, 4, 3))));
});
