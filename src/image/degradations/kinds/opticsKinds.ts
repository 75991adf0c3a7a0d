import { z } from 'zod';
import { Random } from '../../../tensor/index.js';
import { defocusLight } from '../operators/defocus.js';
import { filter2D } from '../operators/filter.js';
import { inLinearLight } from '../operators/linearLight.js';
import { drawPath, pathKernel } from '../operators/motion.js';
import { defineKind, drawFrom, drawOne, rangeWithin } from './kind.js';

/** How much brighter than white what is nearly white may have been. */
const highlights = rangeWithin(1, 16).default([1, 4]);

/** Camera shake: a random path (Boracchi and Foi 2012), in linear light. */
export const motion = defineKind(
  'motion',
  {
    /** The longer side of the box around the path, in pixels. */
    extent: rangeWithin(0.5, 200).default([5, 35]),
    /** How much the direction trembles, 0 (a straight line) to 1. */
    tremor: rangeWithin(0, 1).default([0, 1]),
    /** How often the camera rests, 0 to 1. */
    pauses: rangeWithin(0, 1).default([0, 1]),
    highlights,
  },
  {
    draw: (plain, random) => ({
      extent: drawFrom(plain.extent, random),
      tremor: drawFrom(plain.tremor, random),
      pauses: drawFrom(plain.pauses, random),
      highlights: drawFrom(plain.highlights, random),
      seed: random.uint32(),
    }),
    apply(image, step) {
      const kernel = pathKernel(drawPath(step, Random.seeded(step.seed)));
      return inLinearLight(image, step.highlights, (light) => filter2D(light, kernel));
    },
  },
);

/** A lens that is out of focus: a disk or a polygon, in linear light. */
export const defocus = defineKind(
  'defocus',
  {
    /** Of the circle around the aperture, in pixels. */
    radius: rangeWithin(0.3, 50).default([1, 6]),
    /** Corners of the aperture, one of these; 0 is a disk. */
    blades: z
      .array(
        z
          .int()
          .min(0)
          .max(12)
          .refine((blades) => blades === 0 || blades > 2),
      )
      .min(1)
      .default([0, 5, 6, 7, 8]),
    /** By which share the radius grows to one side and shrinks to the other. */
    variation: rangeWithin(0, 0.9).default([0, 0]),
    highlights,
  },
  {
    draw: (plain, random) => ({
      radius: drawFrom(plain.radius, random),
      blades: drawOne(plain.blades, random),
      rotation: random.uniform(0, 2 * Math.PI),
      variation: drawFrom(plain.variation, random),
      direction: random.uniform(0, 2 * Math.PI),
      highlights: drawFrom(plain.highlights, random),
    }),
    apply: (image, { variation, direction, highlights: brightest, ...aperture }) =>
      inLinearLight(image, brightest, (light) =>
        defocusLight(light, aperture, variation, direction),
      ),
  },
);
