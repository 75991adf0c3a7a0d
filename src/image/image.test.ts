import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  channelPlane,
  clampImage,
  createImage,
  imageFromBytes,
  imageToBytes,
  quantizeImage,
} from './image.js';

describe('createImage', () => {
  it('says what it expected', () => {
    expect(() => createImage(2, 3, 3, new Float32Array(17))).toThrow(
      'expected 18 values for a 2x3 image of 3 channels, got 17',
    );
    expect(() => createImage(0, 3, 1)).toThrow('expected positive integers for an image, got 0x3');
    expect(() => createImage(1.5, 3, 1)).toThrow('got 1.5x3');
  });
});

describe('bytes', () => {
  it('survive the way to an image and back', () => {
    const sides = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(
        sides,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat(255)),
        (size, channels, stream) => {
          const [width, height] = size;
          const bytes = Uint8ClampedArray.from([...stream.take(width * height * channels)]);
          const image = imageFromBytes(bytes, width, height, channels);
          expect(imageToBytes(image)).toEqual(bytes);
          expect(quantizeImage(image)).toEqual(image);
        },
      ),
    );
  });

  it('are interleaved, and planes are not', () => {
    const image = imageFromBytes(Uint8Array.of(255, 0, 51, 102, 0, 255), 2, 1, 3);
    expect([...image.data].map((value) => Math.round(value * 255))).toEqual([
      255, 102, 0, 0, 51, 255,
    ]);
    expect([...channelPlane(image, 0)]).toEqual([1, Math.fround(0.4)]);
  });

  it('round to the nearest and stay in range', () => {
    const values = Float32Array.of(-0.2, 1.7, 0.4 / 255, 128 / 255);
    expect([...imageToBytes(createImage(4, 1, 1, values))]).toEqual([0, 255, 0, 128]);
  });

  it('must be as many as the pixels', () => {
    expect(() => imageFromBytes(new Uint8Array(5), 2, 1, 3)).toThrow('expected 6 bytes');
  });
});

it('clampImage limits to [0, 1]', () => {
  const clamped = clampImage(createImage(3, 1, 1, Float32Array.of(-1, 0.25, 2)));
  expect([...clamped.data]).toEqual([0, 0.25, 1]);
});
