import { Random } from '../../../tensor/index.js';
import { addGaussianNoise, addPoissonNoise, type NoiseColour } from '../operators/noise.js';
import { defineKind, drawFrom, probability, rangeWithin } from './kind.js';

function drawColour(gray: number, random: Random): NoiseColour {
  return random.uniform() < gray ? 'gray' : 'colour';
}

/** White Gaussian noise. */
export const noise = defineKind(
  'noise',
  {
    /** Standard deviation in 8-bit units. */
    sigma: rangeWithin(0, 255),
    /** Probability that all channels have the same noise. */
    gray: probability.default(0),
  },
  {
    draw: ({ sigma, gray }, random) => ({
      sigma: drawFrom(sigma, random),
      colour: drawColour(gray, random),
      seed: random.uint32(),
    }),
    apply: (image, { sigma, colour, seed }) =>
      addGaussianNoise(image, sigma, colour, Random.seeded(seed)),
  },
);

/** Shot noise of a sensor with as many levels as the picture has. */
export const poisson = defineKind(
  'poisson',
  {
    /** Multiplies the noise. */
    scale: rangeWithin(0, 10),
    gray: probability.default(0),
  },
  {
    draw: ({ scale, gray }, random) => ({
      scale: drawFrom(scale, random),
      colour: drawColour(gray, random),
      seed: random.uint32(),
    }),
    apply: (image, { scale, colour, seed }) =>
      addPoissonNoise(image, scale, colour, Random.seeded(seed)),
  },
);
