/** Pixels in planar order [C, H, W], float32, [0, 1] unless said otherwise. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/**
 * An image over existing pixels [C, H, W], or a black one.
 * @throws RangeError when a side is no positive integer or the data has another length.
 */
export function createImage(
  width: number,
  height: number,
  channels: number,
  data: Float32Array = new Float32Array(elementsOf(width, height, channels)),
): Image {
  const expected = elementsOf(width, height, channels);
  if (data.length !== expected) {
    throw new RangeError(
      `expected ${expected} values for a ${width}x${height} image of ${channels} channels, ` +
        `got ${data.length}`,
    );
  }
  return { width, height, channels, data };
}

function elementsOf(width: number, height: number, channels: number): number {
  for (const size of [width, height, channels]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(
        `expected positive integers for an image, got ${width}x${height}, ${channels} channels`,
      );
    }
  }
  return width * height * channels;
}

/** One channel of an image, [H, W]: a view, not a copy. */
export function channelPlane(image: Image, channel: number): Float32Array {
  const size = image.width * image.height;
  return image.data.subarray(channel * size, (channel + 1) * size);
}

/** Limits every value to [0, 1]. */
export function clampImage(image: Image): Image {
  const data = new Float32Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.min(1, Math.max(0, image.data[i]));
  return { ...image, data };
}

/** Rounds every value to the nearest of the 256 that an 8-bit file holds, ties to even. */
export function quantizeImage(image: Image): Image {
  // Assignment to a clamped array limits and rounds half to even by itself.
  const bytes = new Uint8ClampedArray(image.data.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = image.data[i] * 255;
  const data = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) data[i] = bytes[i] / 255;
  return { ...image, data };
}

/**
 * An image from interleaved 8-bit samples [H, W, C], 0 to 255.
 * @throws RangeError when there are not width * height * channels of them.
 */
export function imageFromBytes(
  bytes: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  channels: number,
): Image {
  const size = width * height;
  if (bytes.length !== elementsOf(width, height, channels)) {
    throw new RangeError(
      `expected ${size * channels} bytes for a ${width}x${height} image of ${channels} channels, ` +
        `got ${bytes.length}`,
    );
  }
  const data = new Float32Array(bytes.length);
  const values = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
  for (let channel = 0; channel < channels; channel++) {
    const offset = channel * size;
    for (let i = 0, from = channel; i < size; i++, from += channels) {
      data[offset + i] = values[bytes[from]];
    }
  }
  return { width, height, channels, data };
}

/** Interleaved 8-bit samples [H, W, C]; limited to [0, 1], rounded to the nearest, ties to even. */
export function imageToBytes(image: Image): Uint8ClampedArray {
  const { channels, data } = image;
  const size = image.width * image.height;
  // Assignment to a clamped array limits and rounds half to even by itself.
  const bytes = new Uint8ClampedArray(data.length);
  for (let channel = 0; channel < channels; channel++) {
    const offset = channel * size;
    for (let i = 0, to = channel; i < size; i++, to += channels) bytes[to] = data[offset + i] * 255;
  }
  return bytes;
}
