import { cropImage } from './geometry.js';
import { clampImage, type Image } from './image.js';
import { imresize } from './resample.js';

/** An image of exactly this size, limited to [0, 1]: the largest middle part of its shape, resized. */
export function coverImage(image: Image, width: number, height: number): Image {
  const scale = Math.min(image.width / width, image.height / height);
  const [cutWidth, cutHeight] = [
    Math.min(image.width, Math.max(1, Math.round(width * scale))),
    Math.min(image.height, Math.max(1, Math.round(height * scale))),
  ];
  const left = Math.floor((image.width - cutWidth) / 2);
  const top = Math.floor((image.height - cutHeight) / 2);
  const middle = cropImage(image, left, top, cutWidth, cutHeight);
  if (cutWidth === width && cutHeight === height) return middle;
  return clampImage(imresize(middle, { width, height }));
}
