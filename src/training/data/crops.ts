import { imageToBytes, type Image } from '../../image/index.js';

/** An image of 8-bit samples in planar order [C, H, W]: a quarter of the memory of an `Image`. */
export interface BytePlanes {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Packs an image, rounding to 8 bits. */
export function packImage(image: Image): BytePlanes {
  const { width, height, channels } = image;
  const interleaved = imageToBytes(image);
  const data = new Uint8Array(interleaved.length);
  const area = width * height;
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) data[channel * area + i] = interleaved[i * channels + channel];
  }
  return { width, height, channels, data };
}

/** A square of an image in one of the eight orientations (flips and quarter turns). */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly size: number;
  /** 0 to 7: bit 0 mirrors left-right, bit 1 top-bottom, bit 2 swaps rows and columns first. */
  readonly orientation: number;
}

/** The mean difference between neighbours, over rows and columns, of the channel in the middle; in steps of 8 bits. */
export function cropDetail({ width, height, channels, data }: BytePlanes, crop: Crop): number {
  const { left, top, size } = crop;
  const plane = (channels >> 1) * width * height;
  let sum = 0;
  for (let y = top; y < top + size - 1; y++) {
    const row = plane + y * width;
    for (let at = row + left; at < row + left + size - 1; at++) {
      sum += Math.abs(data[at + 1] - data[at]) + Math.abs(data[at + width] - data[at]);
    }
  }
  return sum / (2 * (size - 1) ** 2);
}

/** Writes a crop as [C, size, size] floats in [0, 1] into `out` at `offset`. */
export function copyCrop(planes: BytePlanes, crop: Crop, out: Float32Array, offset: number): void {
  const { left, top, size, orientation } = crop;
  const [mirrorX, mirrorY, swap] = [orientation & 1, orientation & 2, orientation & 4];
  let [stepX, stepY] = swap ? [planes.width, 1] : [1, planes.width];
  let start = top * planes.width + left;
  if (mirrorX) {
    start += (size - 1) * stepX;
    stepX = -stepX;
  }
  if (mirrorY) {
    start += (size - 1) * stepY;
    stepY = -stepY;
  }
  let at = offset;
  for (let channel = 0; channel < planes.channels; channel++) {
    const plane = start + channel * planes.width * planes.height;
    for (let y = 0; y < size; y++) {
      let from = plane + y * stepY;
      for (let x = 0; x < size; x++, from += stepX) out[at++] = planes.data[from] / 255;
    }
  }
}
