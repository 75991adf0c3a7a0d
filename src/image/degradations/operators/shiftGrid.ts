import { channelPlane, createImage, type Image } from '../../image.js';
import { edgePosition } from '../../separable.js';

/** The picture with `left` and `top` mirrored pixels before it, so that a coder's blocks begin elsewhere. */
export function shiftGrid(image: Image, left: number, top: number): Image {
  const width = image.width + left;
  const shifted = createImage(width, image.height + top, image.channels);
  for (let channel = 0; channel < image.channels; channel++) {
    const source = channelPlane(image, channel);
    const out = channelPlane(shifted, channel);
    for (let y = 0; y < shifted.height; y++) {
      const row = edgePosition(y - top, image.height, 'symmetric') * image.width;
      for (let x = 0; x < left; x++) {
        out[y * width + x] = source[row + edgePosition(x - left, image.width, 'symmetric')];
      }
      out.set(source.subarray(row, row + image.width), y * width + left);
    }
  }
  return shifted;
}
