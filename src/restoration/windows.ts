import { channelPlane, createImage, type Image } from '../image/index.js';
import { edgePosition } from '../image/separable.js';
import type { Rectangle } from './tiles.js';

/** A window of an image; beyond the image's ends it goes on mirrored. */
export function cutWindow(image: Image, window: Rectangle): Image {
  const { left, top, width, height } = window;
  const cut = createImage(width, height, image.channels);
  const inside = Math.min(width, image.width - left);
  for (let channel = 0; channel < image.channels; channel++) {
    const source = channelPlane(image, channel);
    const target = channelPlane(cut, channel);
    for (let y = 0; y < height; y++) {
      const row = edgePosition(top + y, image.height, 'symmetric') * image.width;
      const to = y * width;
      target.set(source.subarray(row + left, row + left + inside), to);
      for (let x = inside; x < width; x++) {
        target[to + x] = source[row + edgePosition(left + x, image.width, 'symmetric')];
      }
    }
  }
  return cut;
}
