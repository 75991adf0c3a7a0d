// The small lies of software: fewer colours, and colours at half the resolution.

import { rgbPlanes } from '../../colour.js';
import { createImage, type Image } from '../../image.js';
import { imresize } from '../../resample.js';
import { limit } from './limit.js';

/** Colours at half the resolution and back, as video and many files have them; full-range BT.601. */
export function halveChroma(image: Image, kernel: 'box' | 'bilinear'): Image {
  const { width, height } = image;
  const [red, green, blue] = rgbPlanes(image);
  const chroma = createImage(width, height, 2);
  const luma = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * red[i] + 0.587 * green[i] + 0.114 * blue[i];
    chroma.data[i] = blue[i] - luma[i];
    chroma.data[luma.length + i] = red[i] - luma[i];
  }
  const half = imresize(chroma, {
    width: Math.ceil(width / 2),
    height: Math.ceil(height / 2),
    kernel,
  });
  const { data } = imresize(half, { width, height, kernel });
  const halved = createImage(width, height, 3);
  const [r, g, b] = rgbPlanes(halved);
  for (let i = 0; i < luma.length; i++) {
    const [fromBlue, fromRed] = [data[i], data[luma.length + i]];
    r[i] = limit(luma[i] + fromRed);
    b[i] = limit(luma[i] + fromBlue);
    g[i] = limit(luma[i] - (0.299 * fromRed + 0.114 * fromBlue) / 0.587);
  }
  return halved;
}

/** Values rounded to few levels a channel; `dither` spreads what is lost to the neighbours (Floyd and Steinberg). */
export function reducePalette(image: Image, levels: number, dither: boolean): Image {
  const { width, height, channels, data } = image;
  const out = data.slice();
  const size = width * height;
  const steps = levels - 1;
  for (let i = 0; i < channels * size; i++) {
    const wanted = out[i];
    const found = Math.round(limit(wanted) * steps) / steps;
    out[i] = found;
    if (!dither) continue;
    const [x, y] = [i % width, Math.floor(i / width) % height];
    const lost = wanted - found;
    if (x + 1 < width) out[i + 1] += (lost * 7) / 16;
    if (y + 1 === height) continue;
    if (x > 0) out[i + width - 1] += (lost * 3) / 16;
    out[i + width] += (lost * 5) / 16;
    if (x + 1 < width) out[i + width + 1] += lost / 16;
  }
  return { ...image, data: out };
}
