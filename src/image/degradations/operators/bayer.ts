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
  const raw = padByTwo(mosaic, stride);
  const image = createImage(width, height, 3);
  const [red, green, blue] = rgbPlanes(image);
  const guess = method === 'bilinear' ? bilinear : malvar;
  for (let y = 0; y < height; y++) {
    const isRedRow = ((y + top) & 1) === 0;
    // On red rows red is the row's own colour, on blue rows blue.
    const [own, other] = isRedRow ? [red, blue] : [blue, red];
    const planes = { raw, own, green, other };
    const at = { from: (y + 2) * stride + 2, stride, to: y * width, width };
    guess(planes, at, (left & 1) === (isRedRow ? 1 : 0));
  }
  return image;
}

interface RowPlanes {
  readonly raw: Float32Array;
  /** Of the colour that the row has beside green. */
  readonly own: Float32Array;
  readonly green: Float32Array;
  readonly other: Float32Array;
}

interface RowPlace {
  /** The row's first pixel in what is padded, and the distance to the next row's. */
  readonly from: number;
  readonly stride: number;
  readonly to: number;
  readonly width: number;
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

function bilinear(planes: RowPlanes, place: RowPlace, greenFirst: boolean): void {
  const { raw, own, green, other } = planes;
  const { from, stride, to, width } = place;
  for (let x = 0, at = from, i = to; x < width; x++, at++, i++) {
    const beside = (raw[at - 1] + raw[at + 1]) / 2;
    const above = (raw[at - stride] + raw[at + stride]) / 2;
    if (((x & 1) === 0) === greenFirst) {
      own[i] = beside;
      green[i] = raw[at];
      other[i] = above;
    } else {
      own[i] = raw[at];
      green[i] = (beside + above) / 2;
      other[i] = diagonals(raw, at, stride) / 4;
    }
  }
}

function malvar(planes: RowPlanes, place: RowPlace, greenFirst: boolean): void {
  const { raw, own, green, other } = planes;
  const { from, stride, to, width } = place;
  for (let x = 0, at = from, i = to; x < width; x++, at++, i++) {
    const centre = raw[at];
    const beside = raw[at - 1] + raw[at + 1];
    const above = raw[at - stride] + raw[at + stride];
    const diagonal = diagonals(raw, at, stride);
    const farBeside = raw[at - 2] + raw[at + 2];
    const farAbove = raw[at - 2 * stride] + raw[at + 2 * stride];
    if (((x & 1) === 0) === greenFirst) {
      own[i] = (5 * centre + 4 * beside - diagonal - farBeside + farAbove / 2) / 8;
      green[i] = centre;
      other[i] = (5 * centre + 4 * above - diagonal - farAbove + farBeside / 2) / 8;
    } else {
      own[i] = centre;
      green[i] = (4 * centre + 2 * (beside + above) - farBeside - farAbove) / 8;
      other[i] = (6 * centre + 2 * diagonal - 1.5 * (farBeside + farAbove)) / 8;
    }
  }
}

function diagonals(raw: Float32Array, at: number, stride: number): number {
  return raw[at - stride - 1] + raw[at - stride + 1] + raw[at + stride - 1] + raw[at + stride + 1];
}
