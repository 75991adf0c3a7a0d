import { addNoiseAt, type NoiseSchedule } from '../diffusion/index.js';
import { elementCount, float32, Random, tensor, type Tensor } from '../tensor/index.js';
import type { FeatureSet, TeacherInputs } from './featureSource.js';

/** Latents of photographs, a batch at a time. */
export interface LatentBatches extends AsyncDisposable {
  /** Scaled latents `[batch, C, h, w]` and, for each, the row of the prompts that goes with it; null: any. */
  take(
    batch: number,
  ): Promise<{ readonly latents: Tensor; readonly rows: readonly number[] | null }>;
}

export interface TeacherInputsOptions {
  readonly schedule: NoiseSchedule;
  /** Prompt embeddings `[rows, tokens, crossAttentionDim]`. */
  readonly prompts: Tensor<'float32'>;
  /** The row of no prompt, which every tenth sample has in place of its own. */
  readonly unconditional: number;
  readonly seed: number;
}

/** Of ten samples, those that the teacher sees without their prompt (Ho and Salimans 2022). */
const unconditionalShare = 0.1;

/**
 * What a denoiser is trained on: latents noised to timesteps of which each is as likely as any other, with the
 * prompts that belong to them. A sample's noise, timestep and prompt follow from its number.
 */
export function createTeacherInputs(
  batches: Readonly<Record<FeatureSet, LatentBatches>>,
  options: TeacherInputsOptions,
): TeacherInputs {
  return {
    async take(set, batch) {
      const { latents, rows } = await batches[set].take(batch);
      // Apart from each other, and from what the latents were drawn with.
      const seed = options.seed * 2 + (set === 'training' ? 0 : 1);
      return noisedInputs(latents, rows, batch, { ...options, seed });
    },
    async [Symbol.asyncDispose]() {
      await batches.training[Symbol.asyncDispose]();
      await batches.held_out[Symbol.asyncDispose]();
    },
  };
}

function noisedInputs(
  latents: Tensor,
  rows: readonly number[] | null,
  batch: number,
  { schedule, prompts, unconditional, seed }: TeacherInputsOptions,
) {
  const [count, ...rest] = latents.shape;
  const length = elementCount(rest);
  const [promptRows, tokens, width] = prompts.shape;
  const noise = new Float32Array(count * length);
  const context = new Float32Array(count * tokens * width);
  const timesteps: number[] = [];
  for (let i = 0; i < count; i++) {
    const random = Random.seeded(seed, batch * count + i).fork();
    timesteps.push(random.integer(schedule.alphasCumprod.length));
    const drawn = random.integer(promptRows);
    const isBare = random.uniform() < unconditionalShare;
    const row = isBare ? unconditional : (rows?.[i] ?? drawn);
    const from = row * tokens * width;
    context.set(prompts.data.subarray(from, from + tokens * width), i * tokens * width);
    noise.set(random.normals(length), i * length);
  }
  if (!(latents.data instanceof Float32Array)) {
    throw new Error(`expected float32 latents, got ${latents.dtype}`);
  }
  const noised = addNoiseAt(schedule, latents.data, noise, timesteps);
  return {
    sample: tensor('float32', latents.shape, noised),
    timestep: float32([count], timesteps),
    encoder_hidden_states: tensor('float32', [count, tokens, width], context),
  };
}
