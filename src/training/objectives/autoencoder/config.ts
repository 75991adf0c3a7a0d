import { z } from 'zod';
import {
  autoencoderKLConfig,
  autoencoderKLConfigSchema,
  latentFactor,
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

/** A config that trains an `AutoencoderKL` to give photographs back through its latents. */
export const autoencoderTrainingSchema = (path: PathSchema) =>
  z
    .strictObject({
      model: autoencoderKLConfigSchema,
      ...runSettings(path),
      data: z.strictObject({
        photos: z.array(path).min(1),
        /** Side of the crops, in pixels. */
        sample_size: z.int().min(8),
        cache_megabytes: positive.default(1500),
      }),
      /** Between the reconstruction and the crop, both in [-1, 1]. */
      loss: pictureLosses,
      /** Of the latents' divergence from the standard normal distribution, summed over a latent, a value of the crop. */
      kl_weight: z.number().min(0).default(1e-6),
      /** Folders of pictures that are to come back whole. */
      validation: validationSettings(z.strictObject({ photos: path })),
    })
    .superRefine((config, context) => {
      const complain = complainTo(context);
      const { model, data } = config;
      requireWholeShares(config, complain);
      const factor = latentFactor(autoencoderKLConfig(model));
      if (data.sample_size % factor !== 0) {
        const wanted = `a multiple of ${factor}, the pixels a side of a latent's cell`;
        complain(['data', 'sample_size'], `expected ${wanted}`);
      }
      if (model.in_channels !== 3 || model.out_channels !== 3) {
        complain(['model', 'in_channels'], 'expected 3 channels in and out, for photographs');
      }
    });

export type AutoencoderTraining = z.output<ReturnType<typeof autoencoderTrainingSchema>>;
