import { z } from 'zod';
import { betaSchedules, predictionTypes, type SchedulerFile } from '../../../diffusion/index.js';
import { unet2DConditionConfigSchema } from '../../../models/index.js';
import { kindSources } from '../../data/pictureKinds.js';
import {
  complainTo,
  positive,
  requireWholeShares,
  runSettings,
  validationSettings,
  type PathSchema,
} from '../../loop/trainingSettings.js';

/** Of the noise, in the words of `scheduler_config.json`; those of Stable Diffusion unless given. */
const noiseSettings = z.strictObject({
  num_train_timesteps: z.int().min(2).max(100_000).default(1000),
  beta_start: positive.default(0.00085),
  beta_end: positive.lt(1).default(0.012),
  beta_schedule: z.enum(betaSchedules).default('scaled_linear'),
  rescale_betas_zero_snr: z.boolean().default(false),
});

/** What the U-Net is told of each picture. */
const prompts = z.discriminatedUnion('from', [
  /** Its kind, a prompt that is learned. */
  z.strictObject({ from: z.literal('kinds'), tokens: z.int().min(1).max(77).default(4) }),
  /** The text in the file beside it: `photo.txt` for `photo.jpg`. */
  z.strictObject({ from: z.literal('captions') }),
  /** The same text for all. */
  z.strictObject({ from: z.literal('constant'), prompt: z.string().default('') }),
]);

/** A config that trains a `UNet2DConditionModel` to denoise latents of photographs. */
export const unetTrainingSchema = (path: PathSchema) =>
  z
    .strictObject({
      model: unet2DConditionConfigSchema,
      ...runSettings(path),
      /** The frozen autoencoder: its folder, or a checkpoint that has one. */
      vae: path,
      /** Whose text encoder reads captions or the constant prompt. */
      checkpoint: path.optional(),
      data: z.strictObject({
        photos: z.array(path).min(1),
        /** Side of the windows, in pixels. */
        sample_size: z.int().min(1),
        kinds: z.enum(kindSources).default('none'),
        /** Latents kept on disk. */
        cache_megabytes: positive.default(1500),
        /** `latents` in the output folder unless given; runs may share one. */
        cache_folder: path.optional(),
      }),
      prompts: prompts.default({ from: 'kinds', tokens: 4 }),
      /** How often a sample is told nothing, so that guidance has something to lead away from. */
      conditioning_dropout: z.number().min(0).max(1).default(0.1),
      prediction_type: z.enum(predictionTypes).default('epsilon'),
      /** Of min-SNR weighting, commonly 5; without it every timestep's error counts alike. */
      snr_gamma: positive.optional(),
      noise_offset: z.number().min(0).default(0),
      scheduler: noiseSettings.default(noiseSettings.parse({})),
      /** Folders of pictures whose latents are held out. */
      validation: validationSettings(z.strictObject({ photos: path })),
    })
    .superRefine((config, context) => {
      const complain = complainTo(context);
      const { model, prompts: told, data } = config;
      requireWholeShares(config, complain);
      if (model.in_channels !== model.out_channels) {
        complain(
          ['model', 'in_channels'],
          'expected as many channels in as out, those of the latents',
        );
      }
      if (told.from === 'kinds' ? false : config.checkpoint === undefined) {
        complain(['checkpoint'], 'expected a checkpoint, whose text encoder reads the prompts');
      }
      if (told.from !== 'kinds' && data.kinds !== 'none') {
        complain(['data', 'kinds'], 'expected none, as prompts are from text');
      }
    });

export type UnetTraining = z.output<ReturnType<typeof unetTrainingSchema>>;

/** The `scheduler_config.json` of the checkpoint that a run makes: DDIM, which every other class of scheduler can read. */
export function trainedSchedulerFile({ scheduler, prediction_type }: UnetTraining): SchedulerFile {
  const { rescale_betas_zero_snr: zeroSnr, ...noise } = scheduler;
  return {
    _class_name: 'DDIMScheduler',
    ...noise,
    ...(zeroSnr && { rescale_betas_zero_snr: true }),
    clip_sample: false,
    prediction_type,
    set_alpha_to_one: false,
    steps_offset: 1,
    // Pure noise is only where such a schedule ends.
    timestep_spacing: zeroSnr ? 'trailing' : 'leading',
  };
}
