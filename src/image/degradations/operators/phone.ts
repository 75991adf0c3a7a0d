// What a phone does to a noisy photograph before anyone sees it: colour noise is smeared, grain is taken out where
// nothing happens and stays at edges, and what is left is sharpened.

import { channelPlane, createImage, type Image } from '../../image.js';
import { rgbPlanes } from '../../colour.js';
import { gaussianBlur } from './filter.js';

export interface PhoneProcessing {
  /** Share of the noise that is taken out, 0 to 1. */
  readonly denoise: number;
  /** Of the unsharp mask of one pixel. */
  readonly sharpen: number;
}

/** Denoises luma by Wiener's filter of 5x5 windows and colour differences by a blur, then sharpens luma. */
export function processAsPhone(image: Image, { denoise, sharpen }: PhoneProcessing): Image {
  const { width, height } = image;
  const [red, green, blue] = rgbPlanes(image);
  const parts = createImage(width, height, 3);
  const [luma, fromBlue, fromRed] = rgbPlanes(parts);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * red[i] + 0.587 * green[i] + 0.114 * blue[i];
    fromBlue[i] = blue[i] - luma[i];
    fromRed[i] = red[i] - luma[i];
  }
  const plane = (data: Float32Array): Image => createImage(width, height, 1, data);
  const sharp = sharpenPlane(wiener(plane(luma), denoise), sharpen).data;
  const smeared = denoise > 0 ? gaussianBlur(parts, 9, 0.3 + 1.7 * denoise) : parts;
  const [, smoothBlue, smoothRed] = rgbPlanes(smeared);
  const processed = createImage(width, height, 3);
  const [r, g, b] = rgbPlanes(processed);
  for (let i = 0; i < sharp.length; i++) {
    r[i] = limit(sharp[i] + smoothRed[i]);
    b[i] = limit(sharp[i] + smoothBlue[i]);
    g[i] = limit(sharp[i] - (0.299 * smoothRed[i] + 0.114 * smoothBlue[i]) / 0.587);
  }
  return processed;
}

/** Towards the mean of the window, the more the less the window varies beyond the noise (Lim 1990). */
function wiener(luma: Image, amount: number): Image {
  if (amount === 0) return luma;
  const squares = createImage(
    luma.width,
    luma.height,
    1,
    luma.data.map((value) => value * value),
  );
  const mean = boxMean(luma).data;
  const power = boxMean(squares).data;
  const variance = power.map((value, i) => Math.max(0, value - mean[i] * mean[i]));
  const noise = amount * typical(variance);
  const data = luma.data.map((value, i) => {
    const left = variance[i] > noise ? 1 - noise / variance[i] : 0;
    return mean[i] + (1 - amount + amount * left) * (value - mean[i]);
  });
  return { ...luma, data };
}

/** The median of a sample of the variances: windows without edges, which hold the noise alone. */
function typical(variance: Float32Array): number {
  const step = Math.max(1, Math.floor(variance.length / 1024));
  const sample = Float32Array.from(
    { length: Math.floor(variance.length / step) },
    (_, i) => variance[i * step],
  );
  return sample.sort()[sample.length >> 1];
}

function sharpenPlane(luma: Image, weight: number): Image {
  if (weight === 0) return luma;
  const soft = gaussianBlur(luma, 7, 1).data;
  return { ...luma, data: luma.data.map((value, i) => value + weight * (value - soft[i])) };
}

/** Means of 5x5 windows, which end at the edges. */
function boxMean(image: Image): Image {
  return createImage(
    image.width,
    image.height,
    1,
    boxColumns(boxRows(channelPlane(image, 0), image), image),
  );
}

function boxRows(plane: Float32Array, { width, height }: Image): Float32Array {
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      const [from, to] = [Math.max(0, x - 2), Math.min(width - 1, x + 2)];
      let sum = 0;
      for (let i = from; i <= to; i++) sum += plane[row + i];
      out[row + x] = sum / (to - from + 1);
    }
  }
  return out;
}

function boxColumns(plane: Float32Array, { width, height }: Image): Float32Array {
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const [from, to] = [Math.max(0, y - 2), Math.min(height - 1, y + 2)];
    const share = 1 / (to - from + 1);
    for (let row = from; row <= to; row++) {
      for (let x = 0; x < width; x++) out[y * width + x] += share * plane[row * width + x];
    }
  }
  return out;
}

function limit(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
