import { channelPlane, createImage, type Image } from './image.js';

/**
 * The rectangle of `width` x `height` pixels whose top left corner is at (`left`, `top`).
 * @throws RangeError when it does not lie inside the image.
 */
export function cropImage(
  image: Image,
  left: number,
  top: number,
  width: number,
  height: number,
): Image {
  const inside =
    left >= 0 && top >= 0 && left + width <= image.width && top + height <= image.height;
  if (!inside || !Number.isInteger(left) || !Number.isInteger(top)) {
    throw new RangeError(
      `expected a crop inside ${image.width}x${image.height}, ` +
        `got ${width}x${height} at (${left}, ${top})`,
    );
  }
  const cropped = createImage(width, height, image.channels);
  for (let channel = 0; channel < image.channels; channel++) {
    const source = channelPlane(image, channel);
    const target = channelPlane(cropped, channel);
    for (let y = 0; y < height; y++) {
      const from = (top + y) * image.width + left;
      target.set(source.subarray(from, from + width), y * width);
    }
  }
  return cropped;
}

/**
 * The image without `border` pixels on each side.
 * @throws RangeError when nothing is left.
 */
export function cropBorder(image: Image, border: number): Image {
  if (border === 0) return image;
  const { width, height } = image;
  if (width <= 2 * border || height <= 2 * border) {
    throw new RangeError(
      `expected an image larger than its cropped border of ${border}, got ${width}x${height}`,
    );
  }
  return cropImage(image, border, border, width - 2 * border, height - 2 * border);
}

/** Mirrors left and right. */
export function flipHorizontal(image: Image): Image {
  const { width, height } = image;
  return permutePixels(image, width, height, width - 1, -1, width);
}

/** Mirrors top and bottom. */
export function flipVertical(image: Image): Image {
  const { width, height } = image;
  return permutePixels(image, width, height, (height - 1) * width, 1, -width);
}

/** A quarter turn clockwise. */
export function rotate90(image: Image): Image {
  const { width, height } = image;
  return permutePixels(image, height, width, (height - 1) * width, -width, 1);
}

/** Reads each plane from offset `start` on, `stepX` elements per column and `stepY` per row. */
function permutePixels(
  image: Image,
  width: number,
  height: number,
  start: number,
  stepX: number,
  stepY: number,
): Image {
  const permuted = createImage(width, height, image.channels);
  for (let channel = 0; channel < image.channels; channel++) {
    const source = channelPlane(image, channel);
    const target = channelPlane(permuted, channel);
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0, from = start + y * stepY; x < width; x++, from += stepX) {
        target[to++] = source[from];
      }
    }
  }
  return permuted;
}
