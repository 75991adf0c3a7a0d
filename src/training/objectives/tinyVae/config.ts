import { z } from 'zod';
import {
  nanosdAutoencoderConfig,
  nanosdAutoencoderConfigSchema,
  nanosdLatentFactor,
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

/** A config that distils the VAE of a checkpoint into a `NanoSDAutoencoder`. */
export const autoencoderDistillationSchema = (path: PathSchema) =>
  z
    .strictObject({
      model: nanosdAutoencoderConfigSchema,
      ...runSettings(path),
      /** A checkpoint, or the folder of its VAE. */
      teacher: path,
      data: z.strictObject({
        photos: z.array(path).min(1),
        /** Side of the crops, in pixels. */
        sample_size: z.int().min(8),
        cache_megabytes: positive.default(1500),
      }),
      /** Of the encoder's squared errors of mean and deviation, on the U-Net's scale. */
      moments_weight: positive.default(1),
      /** Between what the decoder makes of the teacher's latents and the crop, both in [-1, 1]. */
      loss: pictureLosses,
      /** Of the absolute difference between the decoders, student's and teacher's. */
      decoder_weight: z.number().min(0).default(0),
      /** Folders of pictures that are to come back whole. */
      validation: validationSettings(z.strictObject({ photos: path })),
    })
    .superRefine((config, context) => {
      const complain = complainTo(context);
      const { model, data } = config;
      requireWholeShares(config, complain);
      const factor = nanosdLatentFactor(nanosdAutoencoderConfig(model));
      if (data.sample_size % factor !== 0) {
        const wanted = `a multiple of ${factor}, the pixels a side of a latent's cell`;
        complain(['data', 'sample_size'], `expected ${wanted}`);
      }
      if (model.in_channels !== 3 || model.out_channels !== 3) {
        complain(['model', 'in_channels'], 'expected 3 channels in and out, for photographs');
      }
    });

export type AutoencoderDistillation = z.output<ReturnType<typeof autoencoderDistillationSchema>>;
