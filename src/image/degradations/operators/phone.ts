// What a phone does to a noisy photograph before anyone sees it: colour noise is smeared, grain is taken out where
// nothing happens and stays at edges, and what is left is sharpened.

import { createImage, type Image } from '../../image.js';
import { rgbPlanes } from '../../colour.js';
import { correlateTaps } from './correlate.js';
import { gaussianBlur } from './filter.js';
import { limit } from './limit.js';

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
  const { width, height, data } = luma;
  const squares = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) squares[i] = data[i] * data[i];
  const mean = boxMean(luma);
  const variance = boxMean(createImage(width, height, 1, squares));
  for (let i = 0; i < data.length; i++) variance[i] = Math.max(0, variance[i] - mean[i] ** 2);
  const noise = amount * typical(variance);
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const left = variance[i] > noise ? 1 - noise / variance[i] : 0;
    out[i] = mean[i] + (1 - amount + amount * left) * (data[i] - mean[i]);
  }
  return createImage(width, height, 1, out);
}

/** The median of a sample of the variances: of windows without edges, which hold the noise alone. */
function typical(variance: Float32Array): number {
  const step = Math.max(1, Math.floor(variance.length / 1024));
  const length = Math.floor(variance.length / step);
  const sample = Float32Array.from({ length }, (_, i) => variance[i * step]);
  return sample.sort()[sample.length >> 1];
}

function sharpenPlane(luma: Image, weight: number): Image {
  if (weight === 0) return luma;
  const soft = gaussianBlur(luma, 7, 1).data;
  const { data } = luma;
  for (let i = 0; i < soft.length; i++) soft[i] = data[i] + weight * (data[i] - soft[i]);
  return { ...luma, data: soft };
}

const window = Array.from({ length: 5 }, (_, i) => i - 2);
const boxPasses = [
  window.map((x) => ({ x, y: 0, weight: 0.2 })),
  window.map((y) => ({ x: 0, y, weight: 0.2 })),
];

/** Means of 5x5 windows. */
function boxMean(plane: Image): Float32Array {
  return correlateTaps(plane, boxPasses).data;
}
