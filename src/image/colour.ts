import { channelPlane, createImage, type Image } from './image.js';

/**
 * BT.601 luma in studio range, [H, W], in 8-bit units 16 to 235, not rounded: the Y that published PSNR,
 * SSIM and NIQE figures are measured on. A one-channel image is taken to be its own luma, 0 to 255.
 */
export function studioLuma(image: Image): Float64Array {
  if (image.channels === 1) return Float64Array.from(image.data, (value) => value * 255);
  const [red, green, blue] = rgbPlanes(image);
  const luma = new Float64Array(red.length);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 16 + 65.481 * red[i] + 128.553 * green[i] + 24.966 * blue[i];
  }
  return luma;
}

/** BT.601 luma in full range as a one-channel image. */
export function rgbToGray(image: Image): Image {
  const [red, green, blue] = rgbPlanes(image);
  const gray = createImage(image.width, image.height, 1);
  for (let i = 0; i < red.length; i++) {
    gray.data[i] = 0.299 * red[i] + 0.587 * green[i] + 0.114 * blue[i];
  }
  return gray;
}

/** A one-channel image as three equal channels. */
export function grayToRgb(image: Image): Image {
  if (image.channels !== 1) {
    throw new RangeError(`expected an image of 1 channel, got ${image.channels}`);
  }
  const rgb = createImage(image.width, image.height, 3);
  for (let channel = 0; channel < 3; channel++) channelPlane(rgb, channel).set(image.data);
  return rgb;
}

/**
 * The red, green and blue planes, [H, W] each, as views.
 * @throws RangeError when the image does not have three channels.
 */
export function rgbPlanes(image: Image): [Float32Array, Float32Array, Float32Array] {
  if (image.channels !== 3) {
    throw new RangeError(`expected an image of 3 channels, got ${image.channels}`);
  }
  return [channelPlane(image, 0), channelPlane(image, 1), channelPlane(image, 2)];
}
