import { describe, expect, it } from 'vitest';
import {
  createImage,
  cropImage,
  flipHorizontal,
  flipVertical,
  rotate90,
  type Image,
} from '../../image/index.js';
import { Random } from '../../tensor/index.js';
import { copyCrop, cropDetail, packImage } from './crops.js';

function randomBytesImage(width: number, height: number): Image {
  const random = Random.seeded(7);
  const image = createImage(width, height, 3);
  image.data.forEach((_, i) => (image.data[i] = random.integer(256) / 255));
  return image;
}

/** Rows become columns: the one orientation that is no flip and no turn. */
const transpose = (image: Image): Image => flipHorizontal(rotate90(image));

function cropOf(image: Image, orientation: number): Float32Array {
  const out = new Float32Array(3 * 4 * 4);
  copyCrop(packImage(image), { left: 5, top: 2, size: 4, orientation }, out, 0);
  return out;
}

describe('copyCrop', () => {
  const image = randomBytesImage(13, 9);
  const square = cropImage(image, 5, 2, 4, 4);

  it.each(Array.from({ length: 8 }, (_, orientation) => orientation))(
    'orientation %i is its flips and, if any, the exchange of rows and columns',
    (orientation) => {
      let expected = orientation & 4 ? transpose(square) : square;
      if (orientation & 1) expected = flipHorizontal(expected);
      if (orientation & 2) expected = flipVertical(expected);
      expect(cropOf(image, orientation)).toEqual(expected.data);
    },
  );

  it('has all eight symmetries of the square', () => {
    const turns = [square];
    for (let i = 0; i < 3; i++) turns.push(rotate90(turns[i]));
    const symmetries = [...turns, ...turns.map(flipHorizontal)].map(({ data }) => data.join());
    const found = Array.from({ length: 8 }, (_, i) => cropOf(image, i).join());
    expect(new Set(found)).toEqual(new Set(symmetries));
    expect(new Set(found).size).toBe(8);
  });

  it('writes at an offset and nowhere else', () => {
    const out = new Float32Array(60).fill(-1);
    copyCrop(packImage(image), { left: 0, top: 0, size: 4, orientation: 0 }, out, 7);
    expect(out.slice(0, 7).every((value) => value === -1)).toBe(true);
    expect(out.slice(7, 55)).toEqual(cropImage(image, 0, 0, 4, 4).data);
    expect(out.slice(55).every((value) => value === -1)).toBe(true);
  });
});

describe('packImage', () => {
  it('rounds to 8 bits and limits', () => {
    const image = createImage(2, 1, 1, Float32Array.of(0.5004, 1.2));
    expect([...packImage(image).data]).toEqual([128, 255]);
  });
});

describe('cropDetail', () => {
  const stairs = createImage(12, 12, 3);
  // Steps of 2 to the right and of 6 downwards, in the green channel; noise that does not count in the others.
  stairs.data.forEach((_, i) => {
    const [channel, y, x] = [Math.floor(i / 144), Math.floor(i / 12) % 12, i % 12];
    stairs.data[i] = (channel === 1 ? 2 * x + 6 * y : (i * 7919) % 256) / 255;
  });

  it('is the mean step between neighbours', () => {
    const at = (left: number, top: number) =>
      cropDetail(packImage(stairs), { left, top, size: 5, orientation: 3 });
    expect([at(0, 0), at(7, 7)]).toEqual([4, 4]);
  });

  it('of a flat crop is 0', () => {
    const whole = { left: 0, top: 0, size: 12, orientation: 0 };
    expect(cropDetail(packImage(createImage(12, 12, 3)), whole)).toBe(0);
  });
});
