import { z } from 'zod';
import {
  nanosdRestorerShape,
  nanosdUnetConfigSchema,
  restorerShapeProblems,
} from '../../../models/index.js';
import { complainTo, type PathSchema } from '../../loop/trainingSettings.js';
import { requireRestorerRun, restorerSettings } from '../restorer/config.js';

/** What a family checkpoint says of a restorer; given in the config where there is none. */
const familyKeys = ['unet', 'latent_factor', 'prompt_tokens'] as const;

/** A config that trains a `NanoSDRestorer`: the restorer around a member of the family. */
export const familyRestorerTrainingSchema = (path: PathSchema) =>
  z
    .strictObject({
      model: z.strictObject({
        ...nanosdRestorerShape,
        latent_factor: nanosdRestorerShape.latent_factor.optional(),
        prompt_tokens: nanosdRestorerShape.prompt_tokens.optional(),
        unet: nanosdUnetConfigSchema.optional(),
      }),
      /** The member of the family: a checkpoint with U-Net, VAE and prompts. */
      initial_checkpoint: path.optional(),
      /** Whether its weights are taken, or its shape alone. */
      initialization: z.enum(['checkpoint', 'random']).default('checkpoint'),
      /** The prompt that is built in: a kind of pictures, or a text where the checkpoint has a text encoder. */
      prompt: z.string().default(''),
      /** The time that is built in. */
      timestep: z.number().min(0).max(999).default(200),
      /** Crops that the statistics of group norms are measured on, before the first update. */
      norm_samples: z.int().min(1).max(1024).default(16),
      ...restorerSettings(path),
    })
    .superRefine((config, context) => {
      const complain = complainTo(context);
      requireRestorerRun(config, complain);
      for (const [key, message] of restorerShapeProblems(config.model)) {
        complain(['model', key], message);
      }
      for (const key of familyKeys) {
        const given = config.model[key] !== undefined;
        if (config.initial_checkpoint === undefined && !given) {
          complain(['model', key], 'expected a value, or initial_checkpoint to take it from');
        }
        if (config.initial_checkpoint !== undefined && given) {
          complain(['model', key], 'expected no value beside initial_checkpoint, which has it');
        }
      }
    });

export type FamilyRestorerTraining = z.output<ReturnType<typeof familyRestorerTrainingSchema>>;
