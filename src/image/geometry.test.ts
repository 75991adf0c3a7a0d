import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cropBorder, cropImage, flipHorizontal, flipVertical, rotate90 } from './geometry.js';
import { createImage, type Image } from './image.js';

/** Every value is its own position in memory. */
function numbered(width: number, height: number, channels: number): Image {
  const data = Float32Array.from({ length: width * height * channels }, (_, i) => i);
  return createImage(width, height, channels, data);
}

const images = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.constantFrom(1, 3))
  .map(([width, height, channels]) => numbered(width, height, channels));

describe('flips and rotation', () => {
  it('move pixels to where they belong', () => {
    const image = numbered(3, 2, 1);
    expect([...flipHorizontal(image).data]).toEqual([2, 1, 0, 5, 4, 3]);
    expect([...flipVertical(image).data]).toEqual([3, 4, 5, 0, 1, 2]);
    const turned = rotate90(image);
    expect([turned.width, turned.height]).toEqual([2, 3]);
    expect([...turned.data]).toEqual([3, 0, 4, 1, 5, 2]);
  });

  it('are the symmetries of a rectangle', () => {
    fc.assert(
      fc.property(images, (image) => {
        expect(flipHorizontal(flipHorizontal(image))).toEqual(image);
        expect(rotate90(rotate90(image))).toEqual(flipHorizontal(flipVertical(image)));
        expect(rotate90(rotate90(rotate90(rotate90(image))))).toEqual(image);
      }),
    );
  });
});

describe('cropImage', () => {
  it('takes the rectangle of every channel', () => {
    const cropped = cropImage(numbered(4, 3, 2), 1, 1, 2, 2);
    expect([...cropped.data]).toEqual([5, 6, 9, 10, 17, 18, 21, 22]);
  });

  it('refuses to leave the image', () => {
    expect(() => cropImage(numbered(4, 3, 1), 3, 0, 2, 2)).toThrow(
      'expected a crop inside 4x3, got 2x2 at (3, 0)',
    );
    expect(() => cropBorder(numbered(4, 3, 1), 2)).toThrow('cropped border of 2, got 4x3');
  });
});
