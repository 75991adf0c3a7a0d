import { z } from 'zod';
import { nanosdUnetConfigSchema } from '../../../models/index.js';
import { kindSources } from '../../data/pictureKinds.js';
import {
  complainTo,
  positive,
  requireWholeShares,
  runSettings,
  validationSettings,
  type PathSchema,
} from '../../loop/trainingSettings.js';

/** A config that aligns the U-Net of a student with its teacher's. */
export const alignmentTrainingSchema = (path: PathSchema) =>
  z
    .strictObject({
      model: nanosdUnetConfigSchema,
      ...runSettings(path),
      /** The checkpoint whose predictions are learned. */
      teacher: path,
      /** The checkpoint that the U-Net belongs to, and what the result has besides. */
      student: path,
      /** The VAE whose latents the student sees, and the result has; the teacher's unless given. */
      vae: path.optional(),
      data: z.strictObject({
        photos: z.array(path).min(1),
        /** Side of the windows, in pixels. */
        sample_size: z.int().min(1),
        /** Where a picture's kind, which is its prompt, is read from. */
        kinds: z.enum(kindSources).default('none'),
        /** Latents kept on disk. */
        cache_megabytes: positive.default(1500),
        /** `latents` in the output folder unless given; runs may share one. */
        cache_folder: path.optional(),
      }),
      /** Of the errors of the stages' outputs, each relative to the teacher's. */
      feature_weight: z.number().min(0).default(0),
      /** How often a sample is told nothing, so that guidance has something to lead away from. */
      conditioning_dropout: z.number().min(0).max(1).default(0.1),
      /** Folders of pictures whose latents are held out, and how many windows of them are looked at. */
      validation: validationSettings(
        z.strictObject({ photos: path, windows: z.int().min(1).default(64) }),
      ),
    })
    .superRefine((config, context) => requireWholeShares(config, complainTo(context)));

export type AlignmentTraining = z.output<ReturnType<typeof alignmentTrainingSchema>>;
