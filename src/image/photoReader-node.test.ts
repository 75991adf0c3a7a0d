import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ImageFileError } from './sharp-node.js';
import { openPhoto } from './photoReader-node.js';

const picture = sharp({ create: { width: 4, height: 3, channels: 3, background: '#884422' } });

interface Samples {
  readonly bits: number;
  readonly channels: number;
  /** 1 whole numbers, 3 floating point. */
  readonly kind: 1 | 3;
  /** 1 gray, 2 RGB. */
  readonly colours: 1 | 2;
}

/** A TIFF of 2 x 2 samples of zeros, as sharp does not write it. */
function zeroTiff({ bits, channels, kind, colours }: Samples): Buffer {
  const [SHORT, LONG] = [3, 4];
  const perSample = (tag: number, value: number) => [tag, SHORT, channels, value] as const;
  const bytes = (4 * channels * bits) / 8;
  const entries = [
    ...[[256, LONG, 1, 2] as const, [257, LONG, 1, 2] as const, perSample(258, bits)],
    ...[[259, SHORT, 1, 1] as const, [262, SHORT, 1, colours] as const],
    ...[[273, LONG, 1, 500] as const, [277, SHORT, 1, channels] as const],
    ...[[278, LONG, 1, 2] as const, [279, LONG, 1, bytes] as const, perSample(339, kind)],
  ];
  const file = Buffer.alloc(500 + bytes);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(entries.length, 8);
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    const at = 10 + 12 * i;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    if (count <= 2) file.writeUInt32LE(value, at + 8);
    else {
      file.writeUInt32LE(200 + 20 * i, at + 8);
      for (let k = 0; k < count; k++) file.writeUInt16LE(value, 200 + 20 * i + 2 * k);
    }
  }
  return file;
}

/** The first frame of a PNG as all there is to see of an animation. */
async function animatedPng(): Promise<Buffer> {
  const png = await picture.clone().png().toBuffer();
  const control = Buffer.from('000000086163544c0000000200000000f38d9370', 'hex');
  return Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
}

describe('a photo', () => {
  it.each([
    [{ bits: 8, channels: 5, kind: 1, colours: 2 }, 'at most 3 channels beside opacity, got 4'],
    [
      { bits: 32, channels: 1, kind: 3, colours: 1 },
      'gray samples that are whole numbers, got float',
    ],
  ] as const)('is refused where it would come out as something else: %o', async (samples, said) => {
    const opened = openPhoto(zeroTiff(samples));
    await expect(opened).rejects.toThrow(ImageFileError);
    await expect(opened).rejects.toThrow(`image: expected ${said}`);
  });

  it('is refused where libvips would never end', async () => {
    const exif = { IFD0: { Copyright: 'nobody' } };
    const avif = await picture.clone().withExif(exif).avif().toBuffer();
    expect((await openPhoto(avif)).width).toBe(4);
    avif.write('Ex"f', avif.indexOf('Exif', avif.indexOf('infe')), 'latin1');
    await expect(openPhoto(avif)).rejects.toThrow('image: the image is damaged');
  });

  it('tells what else its file shows', async () => {
    const page = await picture.clone().png().toBuffer();
    const pages = await sharp([page, page], { join: { animated: true } })
      .tiff()
      .toBuffer();
    expect((await openPhoto(pages)).unread).toEqual(['other pictures']);
    expect((await openPhoto(await animatedPng())).unread).toEqual(['animation']);
    expect((await openPhoto(page)).unread).toEqual([]);
  });
});
