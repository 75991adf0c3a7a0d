import { z } from 'zod';
import { degradationSchema } from '../../../image/degradations/schema.js';
import type { Degradation } from '../../../image/index.js';
import {
  oneStepRestorerConfigSchema,
  restorerConfig,
  restorerMultiple,
  type RestorerConfig,
  type RestorerFile,
} from '../../../models/index.js';
import {
  complainTo,
  pictureLosses,
  positive,
  requireWholeShares,
  runSettings,
  validationSettings,
  type PathSchema,
} from '../../loop/trainingSettings.js';

/** What a config of a restorer says besides its network. */
export const restorerSettings = (path: PathSchema) => ({
  ...runSettings(path),
  data: z.strictObject({
    photos: z.array(path).min(1),
    /** Side of the degraded crop; the target's is `scale` times that. */
    sample_size: z.int().min(8),
    degradation: degradationSchema,
    /** Crops to draw for each one, of which the most detailed is taken. */
    crop_candidates: z.int().min(1).max(64).optional(),
    cache_megabytes: positive.default(1500),
  }),
  loss: pictureLosses,
  /** Beside the losses, how far apart pictures are in the eyes of a network. */
  perceptual: z
    .strictObject({
      /** The weights of SqueezeNet 1.1: a safetensors file, or the folder of `model.safetensors`. */
      network: path,
      weight: positive,
      scales: z
        .array(z.literal([1, 0.5, 0.25]))
        .min(1)
        .default([1, 0.5]),
      /** Pixels that samples are moved by, at most, against the network's grid. */
      shift: z.int().min(0).max(15).default(3),
    })
    .optional(),
  /**
   * Folders of pictures and of what they are to be restored from, paired by sorted name. Both may be the
   * same folder, of `NAME_HR.png` and `NAME_LR.png`.
   */
  validation: validationSettings(z.strictObject({ hr: path, lr: path })),
});

/** A config that trains a `OneStepRestorer` on photographs and what a degradation makes of them. */
export const restorerTrainingSchema = (path: PathSchema) =>
  z
    .strictObject({ model: oneStepRestorerConfigSchema, ...restorerSettings(path) })
    .superRefine((config, context) => {
      const complain = complainTo(context);
      requireWholeShares(config, complain);
      const { model, data } = config;
      const problem = sampleSizeProblem(restorerConfig(model), data.sample_size);
      if (problem !== null) complain(['data', 'sample_size'], problem);
      requireScale(model.scale, data.degradation, complain);
    });

/** What is wrong with a side of crops for a network; null if nothing is. */
export function sampleSizeProblem(config: RestorerConfig, sampleSize: number): string | null {
  const multiple = restorerMultiple(config);
  if (sampleSize % multiple === 0) return null;
  return `expected a multiple of ${multiple}, which the network's levels divide by`;
}

/** Complains of a degradation that shrinks by another factor than the model enlarges by. */
export function requireScale(
  scale: number,
  degradation: Degradation,
  complain: ReturnType<typeof complainTo>,
): void {
  if (degradation.kind !== 'bicubic' || degradation.scale === scale) return;
  complain(['data', 'degradation', 'scale'], `expected ${scale}, the scale of the model`);
}

export type RestorerTraining = z.output<ReturnType<typeof restorerTrainingSchema>>;

/** A run of a restorer of any class, once all of its network is known. */
export interface RestorerRun extends Omit<RestorerTraining, 'model'> {
  readonly model: RestorerFile;
}
