import { channelPlane, createImage, imresize, type Image } from '../../image/index.js';
import { edgePosition } from '../../image/separable.js';

/** The image [C, H, W] continued, mirrored, to the right and downwards until its sides are multiples. */
export function padToMultiple(image: Image, multiple: number): Image {
  const [width, height] = [image.width, image.height].map(
    (side) => Math.ceil(side / multiple) * multiple,
  );
  if (width === image.width && height === image.height) return image;
  const padded = createImage(width, height, image.channels);
  for (let channel = 0; channel < image.channels; channel++) {
    const source = channelPlane(image, channel);
    const target = channelPlane(padded, channel);
    for (let y = 0; y < height; y++) {
      const row = edgePosition(y, image.height, 'symmetric') * image.width;
      for (let x = 0; x < width; x++) {
        target[y * width + x] = source[row + edgePosition(x, image.width, 'symmetric')];
      }
    }
  }
  return padded;
}

/** The input, enlarged bicubically, what became of it, and what it should be, side by side. */
export function comparisonPicture(sample: Image, output: Image, target: Image): Image {
  const { width, height } = target;
  return sideBySide([imresize(sample, { width, height }), output, target]);
}

/** Pictures of one size in a row. */
export function sideBySide(parts: readonly Image[]): Image {
  const { width, height, channels } = parts[0];
  const picture = createImage(parts.length * width, height, channels);
  parts.forEach((part, i) => {
    for (let channel = 0; channel < channels; channel++) {
      const source = channelPlane(part, channel);
      const row = channelPlane(picture, channel);
      for (let y = 0; y < height; y++) {
        row.set(source.subarray(y * width, (y + 1) * width), (parts.length * y + i) * width);
      }
    }
  });
  return picture;
}
