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

/** Copies the rectangle of `source` that begins at (`left`, `top`) to `place` in `target`. */
export function pasteWindow(
  source: Image,
  { left, top }: { readonly left: number; readonly top: number },
  target: Image,
  place: Rectangle,
): void {
  for (let channel = 0; channel < target.channels; channel++) {
    const from = channelPlane(source, channel);
    const to = channelPlane(target, channel);
    for (let y = 0; y < place.height; y++) {
      const read = (top + y) * source.width + left;
      const write = (place.top + y) * target.width + place.left;
      to.set(from.subarray(read, read + place.width), write);
    }
  }
}
