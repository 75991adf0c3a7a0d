import { z } from 'zod';
import { degradationSchema } from '../../../image/degradations/schema.js';
import { restorerConfig, restorerConfigSchema, restorerMultiple } from '../../../models/index.js';
import {
  complainTo,
  pictureLosses,
  positive,
  requireWholeShares,
  runSettings,
  validationSettings,
  type PathSchema,
} from '../../loop/trainingSettings.js';

/** How many samples a pool has, what they may take on disk, which share is new in each pass, and where pools lie. */
const poolSettings = (path: PathSchema) =>
  z.strictObject({
    samples: z.int().min(1),
    megabytes: positive.default(4000),
    refresh: z.number().min(0).max(1).default(0.1),
    /** `pools` beside the output folder unless given. */
    folder: path.optional(),
  });

/** A config that trains a `OneStepRestorer` on photographs and what a degradation makes of them. */
export const restorerTrainingSchema = (path: PathSchema) =>
  z
    .strictObject({
      model: restorerConfigSchema,
      ...runSettings(path),
      data: z.strictObject({
        photos: z.array(path).min(1),
        /** Side of the degraded crop; the target's is `scale` times that. */
        sample_size: z.int().min(8),
        degradation: degradationSchema,
        /** Crops to draw for each one, of which the most detailed is taken. */
        crop_candidates: z.int().min(1).max(64).optional(),
        cache_megabytes: positive.default(1500),
        /** Samples that are made once, kept on disk and shared by runs. */
        pool: poolSettings(path).optional(),
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
          /** The side of what the network sees of a sample at each scale, in pixels. */
          window: z.int().min(32).default(96),
        })
        .optional(),
      /**
       * Folders of pictures and of what they are to be restored from, paired by sorted name. Both may be the
       * same folder, of `NAME_HR.png` and `NAME_LR.png`.
       */
      validation: validationSettings(z.strictObject({ hr: path, lr: path })),
    })
    .superRefine((config, context) => {
      const complain = complainTo(context);
      const { model, data } = config;
      requireWholeShares(config, complain);
      const multiple = restorerMultiple(restorerConfig(model));
      if (data.sample_size % multiple !== 0) {
        const wanted = `a multiple of ${multiple}, which the network's levels divide by`;
        complain(['data', 'sample_size'], `expected ${wanted}`);
      }
      const { degradation } = data;
      if (degradation.kind === 'bicubic' && degradation.scale !== model.scale) {
        complain(
          ['data', 'degradation', 'scale'],
          `expected ${model.scale}, the scale of the model`,
        );
      }
    });

export type RestorerTraining = z.output<ReturnType<typeof restorerTrainingSchema>>;
