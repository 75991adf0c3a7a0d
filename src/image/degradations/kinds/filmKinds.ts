import { Random } from '../../../tensor/index.js';
import {
  addGrain,
  fade as fadePrint,
  halftone as screen,
  scanLines as lines,
} from '../operators/film.js';
import { defineKind, drawFrom, probability, rangeWithin } from './kind.js';

/** Film grain: blurred noise, strongest at middle gray. */
export const grain = defineKind(
  'grain',
  {
    /** Standard deviation at middle gray, in 8-bit units. */
    sigma: rangeWithin(0, 255),
    /** Of the blur that makes grains of single pixels, in pixels. */
    size: rangeWithin(0, 10).default([0.3, 1]),
    /** Probability that all channels have the same grain. */
    gray: probability.default(0.5),
  },
  {
    draw: ({ sigma, size, gray }, random) => ({
      ...{ sigma: drawFrom(sigma, random), size: drawFrom(size, random) },
      colour: random.uniform() < gray ? ('gray' as const) : ('colour' as const),
      seed: random.uint32(),
    }),
    apply: (image, step) => addGrain(image, step, Random.seeded(step.seed)),
  },
);

/** A faded, discoloured print. It is done to the picture that is learned as well: not to be undone, nor to be amplified. */
export const fade = defineKind(
  'fade',
  {
    /** The print's darkest value, for each channel. */
    black: rangeWithin(0, 0.5).default([0, 0.2]),
    /** The print's brightest value, for each channel. */
    white: rangeWithin(0.5, 1).default([0.75, 1]),
    /** Share of the colour that is left. */
    saturation: rangeWithin(0, 1).default([0.3, 1]),
  },
  {
    isLasting: () => true,
    draw({ black, white, saturation }, random) {
      const three = (range: typeof black): [number, number, number] => [
        drawFrom(range, random),
        drawFrom(range, random),
        drawFrom(range, random),
      ];
      return { black: three(black), white: three(white), saturation: drawFrom(saturation, random) };
    },
    apply: (image, step) => fadePrint(image, step),
  },
);

/** The dots of a printed picture. */
export const halftone = defineKind(
  'halftone',
  {
    /** Pixels between dots. */
    pitch: rangeWithin(2, 32).default([2.5, 6]),
    /** Share of the screened picture in the result. */
    amount: rangeWithin(0, 1).default([0.1, 0.5]),
  },
  {
    draw: ({ pitch, amount }, random) => ({
      pitch: drawFrom(pitch, random),
      angle: random.uniform(0, Math.PI / 2),
      amount: drawFrom(amount, random),
    }),
    apply: (image, step) => screen(image, step),
  },
);

/** Darker rows at equal distances. */
export const scanLines = defineKind(
  'scan_lines',
  {
    /** Pixels between lines. */
    pitch: rangeWithin(2, 64).default([2, 6]),
    /** How much darker they are. */
    depth: rangeWithin(0, 1).default([0.03, 0.2]),
  },
  {
    draw({ pitch, depth }, random) {
      const drawn = drawFrom(pitch, random);
      return { pitch: drawn, phase: random.uniform(0, drawn), depth: drawFrom(depth, random) };
    },
    apply: (image, step) => lines(image, step),
  },
);
