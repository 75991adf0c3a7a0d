import { z } from 'zod';
import { degradationSchema } from '../../../image/degradations/schema.js';
import {
  discriminatorMultiple,
  oneStepRestorerConfigSchema,
  restorerConfig,
  restorerMultiple,
  type RestorerConfig,
  type RestorerFile,
} from '../../../models/index.js';
import {
  complainTo,
  lossTarget,
  positive,
  requireWholeShares,
  runSettings,
  targetedLosses,
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
    /** Samples that are made once, kept on disk and shared by runs. */
    pool: poolSettings(path).optional(),
  }),
  loss: targetedLosses,
  /** A frozen network of the same scale whose answers to the degraded crops losses may take as their target. */
  teacher: z
    .strictObject({
      /** An ONNX model, or the weights of a network from outside. */
      model: path,
      /** The teacher's share of the target `mix`. */
      mix: z.number().gt(0).lt(1).default(0.5),
      /** What FDnCNN and FFDNet are told, of 255. */
      noise_level: z.number().min(0).max(255).optional(),
    })
    .optional(),
  /** Beside the losses, how far apart pictures are in the eyes of a network. */
  perceptual: z
    .strictObject({
      /** The weights of SqueezeNet 1.1 (a safetensors file, or the folder of `model.safetensors`), or an ONNX model. */
      network: path,
      /** Of an ONNX model, the maps that are compared; its outputs unless given. */
      outputs: z.array(z.string().min(1)).min(1).optional(),
      weight: positive,
      target: lossTarget,
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
  /** A second network, trained beside, that tells results from photographs; the restorer learns to look real to it. */
  adversarial: z
    .strictObject({
      kind: z.enum(['hinge', 'relativistic']).default('hinge'),
      weight: positive,
      /** Updates before it comes in. */
      start_step: z.int().min(0).default(0),
      /** The discriminator's. */
      learning_rate: positive.default(1e-4),
      discriminator: z
        .strictObject({
          shape: z.enum(['patch', 'unet']).default('patch'),
          channels: z.int().min(16).multipleOf(16).default(64),
          layers: z.int().min(1).max(8).default(3),
        })
        .default({ shape: 'patch', channels: 64, layers: 3 }),
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
      const { model, data } = config;
      const problem = sampleSizeProblem(restorerConfig(model), data.sample_size);
      if (problem !== null) complain(['data', 'sample_size'], problem);
      requireRestorerRun(config, complain);
    });

type RestorerSettings = z.output<z.ZodObject<ReturnType<typeof restorerSettings>>>;

/** Complains of what is wrong in a config of a restorer of any class, of which only the scale is known. */
export function requireRestorerRun(
  config: RestorerSettings & { readonly model: { readonly scale: number } },
  complain: ReturnType<typeof complainTo>,
): void {
  requireWholeShares(config, complain);
  requireTeacherUse(config, complain);
  const { adversarial, data, model } = config;
  if (adversarial) {
    const whole = discriminatorMultiple(adversarial.discriminator);
    if ((data.sample_size * model.scale) % whole !== 0) {
      const wanted = `targets whose sides are multiples of ${whole}, for adversarial.discriminator`;
      complain(['data', 'sample_size'], `expected ${wanted}`);
    }
  }
  const { degradation } = data;
  if (degradation.kind === 'bicubic' && degradation.scale !== model.scale) {
    complain(['data', 'degradation', 'scale'], `expected ${model.scale}, the scale of the model`);
  }
}

/** What is wrong with a side of crops for a network; null if nothing is. */
export function sampleSizeProblem(config: RestorerConfig, sampleSize: number): string | null {
  const multiple = restorerMultiple(config);
  if (sampleSize % multiple === 0) return null;
  return `expected a multiple of ${multiple}, which the network's levels divide by`;
}

/** A teacher that no loss asks is as wrong as an answer from none. */
function requireTeacherUse(
  {
    loss,
    perceptual,
    teacher,
  }: {
    readonly loss: readonly { readonly target: Target }[];
    readonly perceptual?: { readonly target: Target } | undefined;
    readonly teacher?: object | undefined;
  },
  complain: ReturnType<typeof complainTo>,
): void {
  const asks = ({ target }: { readonly target: Target }): boolean => target !== 'photo';
  const at = loss.findIndex(asks);
  if (!teacher && at >= 0) complain(['loss', String(at), 'target'], NO_TEACHER);
  if (!teacher && perceptual && asks(perceptual)) complain(['perceptual', 'target'], NO_TEACHER);
  if (teacher && at < 0 && !(perceptual && asks(perceptual))) {
    complain(['teacher'], 'expected a loss with target: teacher or mix');
  }
}

const NO_TEACHER = 'expected photo, or a teacher';

type Target = z.output<typeof lossTarget>;

export type RestorerTraining = z.output<ReturnType<typeof restorerTrainingSchema>>;

/** A run of a restorer of any class, once all of its network is known. */
export interface RestorerRun extends Omit<RestorerTraining, 'model'> {
  readonly model: RestorerFile;
}
