import { z } from 'zod';
import { Random } from '../../../tensor/index.js';
import { addSensorNoise, demosaic, drawReadNoise, mosaicOf } from '../operators/bayer.js';
import { drawCameraColour, fromSensor, toSensor } from '../operators/cameraColour.js';
import { processAsPhone } from '../operators/phone.js';
import { curves } from '../operators/toneCurve.js';
import {
  defineKind,
  drawByMagnitude,
  drawFrom,
  drawOne,
  probability,
  rangeWithin,
} from './kind.js';

/**
 * Noise as cameras make it (Brooks et al. 2019): on the sensor, in linear light and of one colour a pixel, so that it is
 * coloured and alike in neighbours by the time it is a photograph.
 */
export const cameraNoise = defineKind(
  'camera_noise',
  {
    /** Variance for each unit of linear light, drawn by magnitude; that of reading out goes with it. */
    shot: rangeWithin(1e-6, 0.1).default([1e-4, 0.012]),
    demosaicing: z
      .array(z.enum(['bilinear', 'malvar']))
      .min(1)
      .default(['bilinear', 'malvar']),
    /** Probability that the camera denoises and sharpens, as phones do. */
    processed: probability.default(0),
    /** Share of the noise that the camera takes out. */
    denoise: rangeWithin(0, 1).default([0.2, 0.9]),
    /** Weight of the camera's unsharp mask. */
    sharpen: rangeWithin(0, 3).default([0, 1]),
  },
  {
    draw({ shot, demosaicing, processed, denoise, sharpen }, random) {
      const drawnShot = drawByMagnitude(shot, random);
      const read = drawReadNoise(drawnShot, random);
      const isProcessed = random.uniform() < processed;
      const [taken, sharpened] = [drawFrom(denoise, random), drawFrom(sharpen, random)];
      return {
        ...{ shot: drawnShot, read, demosaicing: drawOne(demosaicing, random) },
        ...{ left: bit(random), top: bit(random) },
        colour: drawCameraColour(random),
        processing: isProcessed ? { denoise: taken, sharpen: sharpened } : null,
        seed: random.uint32(),
      };
    },
    apply(image, { demosaicing, colour, processing, seed, ...sensor }) {
      const { toLinear, fromLinear } = curves('camera');
      const light = { ...image, data: image.data.slice() };
      toLinear(light.data);
      toSensor(light, colour);
      const mosaic = mosaicOf(light, sensor);
      addSensorNoise(mosaic, sensor, Random.seeded(seed));
      const seen = demosaic(mosaic, demosaicing);
      fromSensor(seen, colour);
      fromLinear(seen.data);
      return processing ? processAsPhone(seen, processing) : seen;
    },
  },
);

function bit(random: Random): 0 | 1 {
  return random.uniform() < 0.5 ? 0 : 1;
}
