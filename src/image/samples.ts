import { channelPlane, createImage, type Image } from './image.js';

/** Bits of one sample of a file: 8, or 16 in the machine's own byte order. */
export type SampleDepth = 8 | 16;

/** Interleaved samples [H, W, C], 0 to 255 or 0 to 65535. */
export type Samples = Uint8Array | Uint16Array;

/** A picture that gives its rows when asked, so that it need not lie in memory as a whole. */
export interface PictureRows {
  readonly width: number;
  readonly height: number;
  /** 1 gray, 2 gray and opacity, 3 red, green, blue, 4 those and opacity. */
  readonly channels: number;
  /** Rows `top` to `top + height` (not included), all inside the picture, as an image [C, height, W]. */
  read(top: number, height: number): Promise<Image>;
}

/** Whether the last of a picture's channels is its opacity. */
export function hasOpacity(channels: number): boolean {
  return channels === 2 || channels === 4;
}

/** An image in memory as rows. */
export function imageRows(image: Image): PictureRows {
  const { width, height, channels } = image;
  const size = width * height;
  return {
    width,
    height,
    channels,
    read(top, rows) {
      if (rows === height) return Promise.resolve(image);
      const part = createImage(width, rows, channels);
      for (let channel = 0; channel < channels; channel++) {
        const from = channel * size + top * width;
        part.data.set(image.data.subarray(from, from + rows * width), channel * rows * width);
      }
      return Promise.resolve(part);
    },
  };
}

/** Copies rows into an image of the same width and channels, from row `top` on. */
export function pasteRows(image: Image, top: number, rows: Image): void {
  const { width } = image;
  for (let channel = 0; channel < image.channels; channel++) {
    channelPlane(image, channel).set(channelPlane(rows, channel), top * width);
  }
}

/** The image [C, H, W] in [0, 1] of interleaved samples. */
export function imageFromSamples(samples: Samples, width: number, channels: number): Image {
  const height = samples.length / (width * channels);
  const image = createImage(width, height, channels);
  const size = width * height;
  const scale = 1 / (samples instanceof Uint16Array ? 65535 : 255);
  for (let channel = 0; channel < channels; channel++) {
    const offset = channel * size;
    for (let i = 0, from = channel; i < size; i++, from += channels) {
      image.data[offset + i] = samples[from] * scale;
    }
  }
  return image;
}

/** Interleaved samples of an image; limited to [0, 1] and rounded to the nearest. */
export function samplesFromImage(image: Image, depth: SampleDepth): Samples {
  const { channels, data } = image;
  const size = image.width * image.height;
  // A clamped array limits and rounds by itself; for 16 bits there is none.
  const wide = depth === 16;
  const out = wide ? new Uint16Array(data.length) : new Uint8ClampedArray(data.length);
  for (let channel = 0; channel < channels; channel++) {
    const offset = channel * size;
    if (wide) {
      for (let i = 0, to = channel; i < size; i++, to += channels) {
        out[to] = Math.min(1, Math.max(0, data[offset + i])) * 65535 + 0.5;
      }
    } else {
      for (let i = 0, to = channel; i < size; i++, to += channels) out[to] = data[offset + i] * 255;
    }
  }
  return out instanceof Uint16Array ? out : new Uint8Array(out.buffer);
}
