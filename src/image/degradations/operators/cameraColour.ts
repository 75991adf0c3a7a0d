// Between the linear light of a finished photograph and what its sensor saw, after Brooks et al., "Unprocessing Images
// for Learned Raw Denoising" (CVPR 2019): colour matrix, white balance, brightness.

import type { Random } from '../../../tensor/index.js';
import { rgbPlanes } from '../../colour.js';
import type { Image } from '../../image.js';
import { limit } from './limit.js';

/** How a camera makes colours of what it sees. */
export interface CameraColour {
  /** Linear sRGB to the camera's own, [3, 3] by rows, each of which sums to 1. */
  readonly toCamera: readonly number[];
  /** By how much the camera brightens red, green and blue. */
  readonly gains: readonly [red: number, green: number, blue: number];
}

/** CIE XYZ to four cameras (Brooks et al.), each [3, 3] by rows. */
const cameras = [
  [1.0234, -0.2969, -0.2266, -0.5625, 1.6328, -0.0469, -0.0703, 0.2188, 0.6406],
  [0.4913, -0.0541, -0.0202, -0.613, 1.3513, 0.2906, -0.1564, 0.2151, 0.7183],
  [0.838, -0.263, -0.0639, -0.2887, 1.0725, 0.2496, -0.0627, 0.1427, 0.5438],
  [0.6596, -0.2079, -0.0562, -0.4782, 1.3016, 0.1933, -0.097, 0.1581, 0.5181],
] as const;

/** Linear sRGB to CIE XYZ, by rows. */
const rgbToXyz = [
  0.4124564, 0.3575761, 0.1804375, 0.2126729, 0.7151522, 0.072175, 0.0193339, 0.119192, 0.9503041,
] as const;

/** A camera between the four, under some light. */
export function drawCameraColour(random: Random): CameraColour {
  const shares = cameras.map(() => random.uniform());
  const total = shares.reduce((sum, share) => sum + share, 0);
  const xyzToCamera = rgbToXyz.map((_, i) =>
    cameras.reduce((sum, camera, c) => sum + (camera[i] * shares[c]) / total, 0),
  );
  const product = multiply(xyzToCamera, rgbToXyz);
  const toCamera = product.map((value, i) => {
    const row = i - (i % 3);
    return value / (product[row] + product[row + 1] + product[row + 2]);
  });
  const brightness = 1 / Math.max(0.5, 0.8 + 0.1 * random.normal());
  const [red, blue] = [random.uniform(1.9, 2.4), random.uniform(1.5, 1.9)];
  return { toCamera, gains: [red * brightness, brightness, blue * brightness] };
}

/** Linear sRGB to the sensor's red, green and blue, in place; what is nearly white stays so (`safe_invert_gains`). */
export function toSensor(image: Image, { toCamera, gains }: CameraColour): void {
  multiplyPixels(image, toCamera);
  const [red, green, blue] = rgbPlanes(image);
  const [a, b, c] = gains.map((gain) => 1 / gain);
  for (let i = 0; i < red.length; i++) {
    const gray = (red[i] + green[i] + blue[i]) / 3;
    const mask = gray > 0.9 ? ((gray - 0.9) / 0.1) ** 2 : 0;
    red[i] = limit(red[i] * Math.max(mask + (1 - mask) * a, a));
    green[i] = limit(green[i] * Math.max(mask + (1 - mask) * b, b));
    blue[i] = limit(blue[i] * Math.max(mask + (1 - mask) * c, c));
  }
}

/** The sensor's red, green and blue to linear sRGB, in place. */
export function fromSensor(image: Image, { toCamera, gains }: CameraColour): void {
  for (const [channel, plane] of rgbPlanes(image).entries()) {
    const gain = gains[channel];
    for (let i = 0; i < plane.length; i++) plane[i] = Math.min(1, plane[i] * gain);
  }
  multiplyPixels(image, inverse(toCamera));
}

function multiplyPixels(image: Image, [a, b, c, d, e, f, g, h, k]: readonly number[]): void {
  const [red, green, blue] = rgbPlanes(image);
  for (let i = 0; i < red.length; i++) {
    const x = red[i];
    const y = green[i];
    const z = blue[i];
    red[i] = a * x + b * y + c * z;
    green[i] = d * x + e * y + f * z;
    blue[i] = g * x + h * y + k * z;
  }
}

function multiply(left: readonly number[], right: readonly number[]): number[] {
  return Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [i - (i % 3), i % 3];
    return (
      left[row] * right[column] +
      left[row + 1] * right[column + 3] +
      left[row + 2] * right[column + 6]
    );
  });
}

function inverse([a, b, c, d, e, f, g, h, k]: readonly number[]): number[] {
  const [A, B, C] = [e * k - f * h, f * g - d * k, d * h - e * g];
  const determinant = a * A + b * B + c * C;
  const adjugate = [
    ...[A, c * h - b * k, b * f - c * e],
    ...[B, a * k - c * g, c * d - a * f],
    ...[C, b * g - a * h, a * e - b * d],
  ];
  return adjugate.map((value) => value / determinant);
}
