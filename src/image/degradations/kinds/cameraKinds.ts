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
    /** Share that stays of what demosaicing does to edges: lenses blur what would become false colours. */
    artefacts: rangeWithin(0, 1).default([0, 0.6]),
    /** Probability that the camera denoises and sharpens, as phones do. */
    processed: probability.default(0),
    /** Share of the noise that the camera takes out. */
    denoise: rangeWithin(0, 1).default([0.2, 0.9]),
    /** Weight of the camera's unsharp mask. */
    sharpen: rangeWithin(0, 3).default([0, 1]),
  },
  {
    draw({ shot, demosaicing, artefacts, processed, denoise, sharpen }, random) {
      const drawnShot = drawByMagnitude(shot, random);
      const read = drawReadNoise(drawnShot, random);
      const isProcessed = random.uniform() < processed;
      const [taken, sharpened] = [drawFrom(denoise, random), drawFrom(sharpen, random)];
      return {
        ...{ shot: drawnShot, read, demosaicing: drawOne(demosaicing, random) },
        ...{ artefacts: drawFrom(artefacts, random), left: bit(random), top: bit(random) },
        colour: drawCameraColour(random),
        processing: isProcessed ? { denoise: taken, sharpen: sharpened } : null,
        seed: random.uint32(),
      };
    },
    apply(image, { demosaicing, artefacts, colour, processing, seed, ...sensor }) {
      const { toLinear, fromLinear } = curves('camera');
      const light = { ...image, data: image.data.slice() };
      toLinear(light.data);
      toSensor(light, colour);
      const mosaic = mosaicOf(light, sensor);
      const lost = artefacts < 1 ? demosaic(mosaic, demosaicing).data : null;
      addSensorNoise(mosaic, sensor, Random.seeded(seed));
      const seen = demosaic(mosaic, demosaicing);
      if (lost) returnDetail(seen.data, light.data, lost, 1 - artefacts);
      fromSensor(seen, colour);
      fromLinear(seen.data);
      return processing ? processAsPhone(seen, processing) : seen;
    },
  },
);

/** Adds the share of what demosaicing had lost. */
function returnDetail(
  seen: Float32Array,
  light: Float32Array,
  lost: Float32Array,
  share: number,
): void {
  for (let i = 0; i < seen.length; i++) seen[i] += share * (light[i] - lost[i]);
}

function bit(random: Random): 0 | 1 {
  return random.uniform() < 0.5 ? 0 : 1;
}
