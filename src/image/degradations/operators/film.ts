// What film, paper and printing do to pictures.

import { Random } from '../../../tensor/index.js';
import { channelPlane, createImage, type Image } from '../../image.js';
import { rgbPlanes } from '../../colour.js';
import { gaussianBlur } from './filter.js';
import { drawNormals } from './normals.js';
import type { NoiseColour } from './noise.js';
import { limit } from './limit.js';

export interface Grain {
  /** Standard deviation at middle gray, in 8-bit units. */
  readonly sigma: number;
  /** Of the blur of the grain, in pixels: its size. */
  readonly size: number;
  readonly colour: NoiseColour;
}

/**
 * Adds blurred noise that is strongest at middle gray, where some crystals are developed and some are not, and fades to a
 * fifth of that in black and white.
 */
export function addGrain(image: Image, { sigma, size, colour }: Grain, random: Random): Image {
  const { width, height, channels } = image;
  const planes = colour === 'gray' ? 1 : channels;
  const white = createImage(width, height, planes, drawNormals(width * height * planes, random));
  const side = 2 * Math.ceil(3 * size) + 1;
  const grain = size > 0.2 ? gaussianBlur(white, side, size) : white;
  // A blur of white noise leaves this share of its deviation, in the middle of the picture.
  const scale = (sigma / 255) * (size > 0.2 ? 1 / blurredDeviation(side, size) : 1);
  const grainy = createImage(width, height, channels);
  for (let channel = 0; channel < channels; channel++) {
    const source = channelPlane(image, channel);
    const out = channelPlane(grainy, channel);
    const noise = channelPlane(grain, planes === 1 ? 0 : channel);
    for (let i = 0; i < out.length; i++) {
      const value = source[i];
      const strength = 0.2 + 3.2 * value * (1 - value);
      out[i] = limit(value + scale * strength * noise[i]);
    }
  }
  return grainy;
}

function blurredDeviation(side: number, sigma: number): number {
  const radius = (side - 1) / 2;
  const window = Array.from({ length: side }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = window.reduce((total, weight) => total + weight, 0);
  return window.reduce((total, weight) => total + (weight / sum) ** 2, 0);
}

/** Black and white of each channel, where a faded print's are. */
export interface Fading {
  readonly black: readonly [number, number, number];
  readonly white: readonly [number, number, number];
  /** Share of the colour that is left. */
  readonly saturation: number;
}

/** Fading and a colour cast: less colour, then each channel between its own black and white. */
export function fade(image: Image, { black, white, saturation }: Fading): Image {
  const faded = createImage(image.width, image.height, 3);
  const from = rgbPlanes(image);
  for (const [channel, out] of rgbPlanes(faded).entries()) {
    const span = white[channel] - black[channel];
    for (let i = 0; i < out.length; i++) {
      const gray = 0.299 * from[0][i] + 0.587 * from[1][i] + 0.114 * from[2][i];
      const value = gray + saturation * (from[channel][i] - gray);
      out[i] = limit(black[channel] + span * value);
    }
  }
  return faded;
}

export interface Screen {
  /** Pixels between dots. */
  readonly pitch: number;
  /** Radians; each ink's screen is turned by a sixth of a circle more. */
  readonly angle: number;
  /** Share of the screened picture in the result: a scanner blurs dots. */
  readonly amount: number;
}

/** A half-tone print: each channel as dots that grow with its darkness, seen through a scanner that blurs them. */
export function halftone(image: Image, { pitch, angle, amount }: Screen): Image {
  const { width, height, channels } = image;
  const printed = createImage(width, height, channels);
  for (let channel = 0; channel < channels; channel++) {
    const source = channelPlane(image, channel);
    const out = channelPlane(printed, channel);
    const turned = angle + (channel * Math.PI) / 6;
    const [c, s] = [
      (Math.cos(turned) * 2 * Math.PI) / pitch,
      (Math.sin(turned) * 2 * Math.PI) / pitch,
    ];
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const wave = 0.5 + 0.25 * (Math.cos(c * x + s * y) + Math.cos(c * y - s * x));
        // A soft threshold, a pixel wide, of the value against the wave.
        const dot = limit(0.5 + (source[i] - wave) * (pitch / 2));
        out[i] = source[i] + amount * (dot - source[i]);
      }
    }
  }
  return printed;
}

export interface ScanLines {
  /** Pixels between lines. */
  readonly pitch: number;
  readonly phase: number;
  /** How much darker the lines are, 0 to 1. */
  readonly depth: number;
}

/** Darker rows at equal distances, as of a screen or a scanner. */
export function scanLines(image: Image, { pitch, phase, depth }: ScanLines): Image {
  const { width, height } = image;
  const shades = Float32Array.from({ length: height }, (_, y) => {
    const wave = 0.5 - 0.5 * Math.cos((2 * Math.PI * (y + phase)) / pitch);
    return 1 - depth * wave;
  });
  const data = image.data.map((value, i) => value * shades[Math.floor(i / width) % height]);
  return { ...image, data };
}
