// A sensor sees one colour a pixel: the Bayer mosaic, its noise, and two ways to guess the other two colours.

import type { Random } from '../../../tensor/index.js';
import { rgbPlanes } from '../../colour.js';
import { createImage, type Image } from '../../image.js';
import { edgePosition } from '../../separable.js';
import { drawNormals } from './normals.js';

/** Where the mosaic's red pixels are: at even columns and rows, moved by 0 or 1 each. */
export interface BayerPhase {
  readonly left: 0 | 1;
  readonly top: 0 | 1;
}

/** Variance of the noise at a linear signal x in [0, 1]: `shot * x + read`. */
export interface SensorNoise {
  readonly shot: number;
  readonly read: number;
}

/** One value a pixel, [H, W]. */
export interface Mosaic extends BayerPhase {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Read noise that goes with shot noise: a line in their logarithms, and what cameras differ by (Brooks et al. 2019). */
export function drawReadNoise(shot: number, random: Random): number {
  return Math.exp(2.18 * Math.log(shot) + 1.2 + 0.26 * random.normal());
}

/** Of each pixel the one colour that the sensor sees. */
export function mosaicOf(image: Image, { left, top }: BayerPhase): Mosaic {
  const { width, height } = image;
  const planes = rgbPlanes(image);
  const data = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = (y + top) & 1;
    for (let x = 0; x < width; x++, i++) data[i] = planes[row + ((x + left) & 1)][i];
  }
  return { width, height, left, top, data };
}

/** Shot and read noise as a normal number a pixel, in place; not limited. */
export function addSensorNoise(mosaic: Mosaic, { shot, read }: SensorNoise, random: Random): void {
  const { data } = mosaic;
  const noise = drawNormals(data.length, random);
  for (let i = 0; i < data.length; i++) data[i] += Math.sqrt(shot * data[i] + read) * noise[i];
}

export type Demosaicing = 'bilinear' | 'malvar';

/** Red, green and blue of each pixel: the means of neighbours, or Malvar, He and Cutler's five filters (ICASSP 2004). */
export function demosaic(mosaic: Mosaic, method: Demosaicing): Image {
  const { width, height, left, top } = mosaic;
  const stride = width + 4;
  const padded = padByTwo(mosaic, stride);
  const image = createImage(width, height, 3);
  const [red, green, blue] = rgbPlanes(image);
  const fill = method === 'bilinear' ? bilinear : malvar;
  for (let y = 0; y < height; y++) {
    const evenRow = ((y + top) & 1) === 0;
    // On red rows red is the row's own colour, on blue rows blue.
    const [own, other] = evenRow ? [red, blue] : [blue, red];
    for (let x = 0; x < width; x++) {
      const at = (y + 2) * stride + x + 2;
      const isGreen = (((x + left) & 1) === 1) === evenRow;
      fill(padded, at, stride, isGreen, own, green, other, y * width + x);
    }
  }
  return image;
}

/** Mirrors about the edge pixels, which keeps the mosaic's order. */
function padByTwo({ width, height, data }: Mosaic, stride: number): Float32Array {
  const columns = Int32Array.from({ length: stride }, (_, x) =>
    edgePosition(x - 2, width, 'reflect'),
  );
  const padded = new Float32Array(stride * (height + 4));
  for (let y = 0, to = 0; y < height + 4; y++) {
    const row = edgePosition(y - 2, height, 'reflect') * width;
    for (let x = 0; x < stride; x++) padded[to++] = data[row + columns[x]];
  }
  return padded;
}

function bilinear(
  raw: Float32Array,
  at: number,
  stride: number,
  isGreen: boolean,
  own: Float32Array,
  green: Float32Array,
  other: Float32Array,
  to: number,
): void {
  const beside = (raw[at - 1] + raw[at + 1]) / 2;
  const above = (raw[at - stride] + raw[at + stride]) / 2;
  if (isGreen) {
    own[to] = beside;
    green[to] = raw[at];
    other[to] = above;
    return;
  }
  own[to] = raw[at];
  green[to] = (beside + above) / 2;
  other[to] =
    (raw[at - stride - 1] + raw[at - stride + 1] + raw[at + stride - 1] + raw[at + stride + 1]) / 4;
}

function malvar(
  raw: Float32Array,
  at: number,
  stride: number,
  isGreen: boolean,
  own: Float32Array,
  green: Float32Array,
  other: Float32Array,
  to: number,
): void {
  const centre = raw[at];
  const beside = raw[at - 1] + raw[at + 1];
  const above = raw[at - stride] + raw[at + stride];
  const diagonal =
    raw[at - stride - 1] + raw[at - stride + 1] + raw[at + stride - 1] + raw[at + stride + 1];
  const farBeside = raw[at - 2] + raw[at + 2];
  const farAbove = raw[at - 2 * stride] + raw[at + 2 * stride];
  if (isGreen) {
    own[to] = (5 * centre + 4 * beside - diagonal - farBeside + farAbove / 2) / 8;
    green[to] = centre;
    other[to] = (5 * centre + 4 * above - diagonal - farAbove + farBeside / 2) / 8;
    return;
  }
  own[to] = centre;
  green[to] = (4 * centre + 2 * (beside + above) - farBeside - farAbove) / 8;
  other[to] = (6 * centre + 2 * diagonal - 1.5 * (farBeside + farAbove)) / 8;
}
