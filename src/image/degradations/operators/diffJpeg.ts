// What JPEG does to pixels, without the file: colour transform, halved chroma, blockwise DCT, quantisation,
// and back. After DiffJPEG as BasicSR has it, whose quantisation tables are transposed and not rounded.

import { rgbPlanes } from '../../colour.js';
import { channelPlane, createImage, type Image } from '../../image.js';
import { roundHalfEven } from '../../rounding.js';

const BLOCK = 8;
/** Luma blocks come in pairs over each block of halved chroma. */
const UNIT = 2 * BLOCK;

/** Row u, column v is the frequency along the image's columns and rows: T.81's table K.1, transposed. */
const lumaTable = [
  16, 12, 14, 14, 18, 24, 49, 72, 11, 12, 13, 17, 22, 35, 64, 92, 10, 14, 16, 22, 37, 55, 78, 95,
  16, 19, 24, 29, 56, 64, 87, 98, 24, 26, 40, 51, 68, 81, 103, 112, 40, 58, 57, 87, 109, 104, 121,
  100, 51, 60, 69, 80, 103, 113, 120, 103, 61, 55, 56, 62, 77, 92, 101, 99,
];

/** T.81's table K.2, which is symmetric. */
const chromaTable = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
  47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/** The orthonormal DCT-II of eight samples: row u is the basis function of frequency u. */
const dct = /* @__PURE__ */ Float64Array.from({ length: BLOCK * BLOCK }, (_, i) => {
  const frequency = Math.floor(i / BLOCK);
  const amplitude = frequency === 0 ? Math.SQRT1_2 / 2 : 0.5;
  return amplitude * Math.cos(((2 * (i % BLOCK) + 1) * frequency * Math.PI) / UNIT);
});

/** How quantised coefficients become integers. */
export type JpegRounding = (value: number) => number;

/** Rounding plus the cube of what it left, whose derivative is not zero everywhere (DiffJPEG). */
export function roundSmoothly(value: number): number {
  const rounded = roundHalfEven(value);
  return rounded + (value - rounded) ** 3;
}

/**
 * The image after JPEG compression at a quality from 1 up to, not including, 100, with chroma at half the
 * resolution. Sides that are no multiple of 16 are filled up with black.
 * @throws RangeError when the image is not RGB or the quality is out of range.
 */
export function jpegRoundTrip(
  image: Image,
  quality: number,
  rounding: JpegRounding = roundHalfEven,
): Image {
  const factor = quantizationFactor(quality);
  const width = Math.ceil(image.width / UNIT) * UNIT;
  const height = Math.ceil(image.height / UNIT) * UNIT;
  const [luma, blue, red] = toYcbcr(image, width, height);
  const coder = { factor, rounding };
  codePlane(luma, width, height, lumaTable, coder);
  const chroma = [blue, red].map((plane) => {
    const halved = halvePlane(plane, width, height);
    codePlane(halved, width / 2, height / 2, chromaTable, coder);
    return halved;
  });
  return toRgb(luma, chroma[0], chroma[1], width, image);
}

function quantizationFactor(quality: number): number {
  if (!(quality >= 1 && quality < 100)) {
    throw new RangeError(`expected a JPEG quality of at least 1 and below 100, got ${quality}`);
  }
  return quality < 50 ? 50 / quality : 2 - quality / 50;
}

/** Full-range luma, blue and red difference [height, width] around zero, in 8-bit units. */
function toYcbcr(
  image: Image,
  width: number,
  height: number,
): [Float64Array, Float64Array, Float64Array] {
  const [red, green, blue] = rgbPlanes(image);
  const luma = new Float64Array(width * height).fill(-128);
  const blueDifference = new Float64Array(width * height);
  const redDifference = new Float64Array(width * height);
  for (let y = 0, from = 0; y < image.height; y++) {
    for (let to = y * width; to < y * width + image.width; to++, from++) {
      const r = red[from] * 255;
      const g = green[from] * 255;
      const b = blue[from] * 255;
      luma[to] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
      blueDifference[to] = -0.168736 * r - 0.331264 * g + 0.5 * b;
      redDifference[to] = 0.5 * r - 0.418688 * g - 0.081312 * b;
    }
  }
  return [luma, blueDifference, redDifference];
}

function toRgb(
  luma: Float64Array,
  blueDifference: Float64Array,
  redDifference: Float64Array,
  stride: number,
  { width, height }: Image,
): Image {
  const decoded = createImage(width, height, 3);
  const [red, green, blue] = [0, 1, 2].map((channel) => channelPlane(decoded, channel));
  const limit = (value: number): number => Math.min(255, Math.max(0, value)) / 255;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const value = luma[y * stride + x] + 128;
      const chroma = (y >> 1) * (stride / 2) + (x >> 1);
      const cb = blueDifference[chroma];
      const cr = redDifference[chroma];
      red[to] = limit(value + 1.402 * cr);
      green[to] = limit(value - 0.344136 * cb - 0.714136 * cr);
      blue[to] = limit(value + 1.772 * cb);
    }
  }
  return decoded;
}

function halvePlane(plane: Float64Array, width: number, height: number): Float64Array {
  const halved = new Float64Array((width * height) / 4);
  for (let y = 0, to = 0; y < height; y += 2) {
    for (let x = 0, from = y * width; x < width; x += 2, from += 2, to++) {
      const below = from + width;
      halved[to] = (plane[from] + plane[from + 1] + plane[below] + plane[below + 1]) / 4;
    }
  }
  return halved;
}

interface Coder {
  readonly factor: number;
  readonly rounding: JpegRounding;
}

/** Quantises the DCT coefficients of each 8x8 block, in place. */
function codePlane(
  plane: Float64Array,
  width: number,
  height: number,
  table: readonly number[],
  { factor, rounding }: Coder,
): void {
  const steps = Float64Array.from(table, (step) => step * factor);
  const block = new Float64Array(BLOCK * BLOCK);
  const between = new Float64Array(BLOCK * BLOCK);
  for (let y = 0; y < height; y += BLOCK) {
    for (let x = 0; x < width; x += BLOCK) {
      const offset = y * width + x;
      for (let i = 0; i < 64; i++) block[i] = plane[offset + (i >> 3) * width + (i & 7)];
      transformColumns(block, between, BLOCK, 1);
      transformColumns(between, block, BLOCK, 1);
      for (let i = 0; i < 64; i++) block[i] = rounding(block[i] / steps[i]) * steps[i];
      transformColumns(block, between, 1, BLOCK);
      transformColumns(between, block, 1, BLOCK);
      for (let i = 0; i < 64; i++) plane[offset + (i >> 3) * width + (i & 7)] = block[i];
    }
  }
}

/**
 * Multiplies each column by the DCT matrix (strides 8, 1) or its transpose (1, 8) and transposes the
 * result, so that applying it twice treats both axes and restores their order.
 */
function transformColumns(
  block: Float64Array,
  out: Float64Array,
  rowStride: number,
  columnStride: number,
): void {
  for (let column = 0; column < BLOCK; column++) {
    for (let row = 0; row < BLOCK; row++) {
      let sum = 0;
      for (let k = 0; k < BLOCK; k++) {
        sum += dct[row * rowStride + k * columnStride] * block[k * BLOCK + column];
      }
      out[column * BLOCK + row] = sum;
    }
  }
}
