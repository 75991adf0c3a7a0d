import { guide, initialSchedulerState, type Scheduler } from '../diffusion/index.js';
import type { Session } from '../graph/index.js';
import { gaussianNoise, tensor, toFloat32, type Shape, type Tensor } from '../tensor/index.js';
import { requireNumbers } from './requireNumbers.js';

/** Classifier-free guidance takes two outputs a step: in one run of a batch of two, or in two runs. */
export type GuidanceMode = 'batched' | 'sequential';

export interface Conditioning {
  /** The prompt, `[1, tokens, width]`. */
  readonly conditional: Tensor;
  /** The negative prompt; null for no guidance. */
  readonly unconditional: Tensor | null;
  readonly guidanceScale: number;
}

/** A denoiser's output for a latent at a timestep. */
export type Predictor = (latents: Float32Array, timestep: number) => Promise<Float32Array>;

/** The batch that the U-Net is to be loaded for. */
export function predictorBatch({ unconditional }: Conditioning, mode: GuidanceMode): number {
  return unconditional && mode === 'batched' ? 2 : 1;
}

/** The U-Net with guidance, as one function. `session` is loaded for `predictorBatch`; latents are `[1, C, h, w]`. */
export function guidedPredictor(
  session: Session,
  conditioning: Conditioning,
  mode: GuidanceMode,
  [, ...shape]: Shape,
  signal?: AbortSignal,
): Predictor {
  const { conditional, unconditional, guidanceScale } = conditioning;
  const run = async (
    latents: Float32Array,
    timestep: number,
    context: Tensor,
  ): Promise<Float32Array> => {
    const batch = context.shape[0];
    const feeds = {
      sample: tensor('float32', [batch, ...shape], latents),
      timestep: tensor('float32', [batch], new Float32Array(batch).fill(timestep)),
      encoder_hidden_states: context,
    };
    return toFloat32((await session.run(feeds, signal ? { signal } : {})).out_sample);
  };
  if (!unconditional) return (latents, timestep) => run(latents, timestep, conditional);
  if (mode === 'sequential') {
    return async (latents, timestep) => {
      const away = await run(latents, timestep, unconditional);
      return guide(away, await run(latents, timestep, conditional), guidanceScale);
    };
  }
  const both = stack(unconditional, conditional);
  return async (latents, timestep) => {
    const twice = new Float32Array(2 * latents.length);
    twice.set(latents);
    twice.set(latents, latents.length);
    const output = await run(twice, timestep, both);
    const half = latents.length;
    return guide(output.subarray(0, half), output.subarray(half), guidanceScale);
  };
}

function stack(first: Tensor, second: Tensor): Tensor {
  const [a, b] = [toFloat32(first), toFloat32(second)];
  const data = new Float32Array(a.length + b.length);
  data.set(a);
  data.set(b, a.length);
  return tensor('float32', [2, ...first.shape.slice(1)], data);
}

export interface DenoiseOptions {
  readonly scheduler: Scheduler;
  readonly predict: Predictor;
  /** Of the latents, `[1, C, h, w]`. */
  readonly shape: Shape;
  readonly seed: number;
  /** Image-to-image starts from these, on the U-Net's scale; null starts from noise. */
  readonly clean: Float32Array | null;
  /** Called after each step with the clean latents as foreseen there. */
  readonly onStep?: (done: number, foreseen: Float32Array) => void;
}

/**
 * Latents from noise, or from clean latents with noise added: the scheduler's steps in order. The seed decides all
 * noise: its stream 0 is the start, stream i + 1 that of step i.
 * @throws RangeError when an output of the network is no number.
 */
export async function denoise(options: DenoiseOptions): Promise<Float32Array> {
  const { scheduler, predict, shape, seed, clean, onStep } = options;
  const start = gaussianNoise(shape, seed).data;
  let sample = clean
    ? scheduler.noiseImage(clean, start)
    : start.map((x) => x * scheduler.initNoiseSigma);
  let state = initialSchedulerState;
  for (const [i, timestep] of scheduler.timesteps.entries()) {
    const output = await predict(scheduler.scaleModelInput(sample, i), timestep);
    requireNumbers(output, `the U-Net in step ${i + 1} of ${scheduler.timesteps.length}`);
    const noise = scheduler.needsNoise(i) ? gaussianNoise(shape, seed, i + 1).data : undefined;
    const step = scheduler.step(state, output, sample, i, noise);
    ({ state, sample } = step);
    onStep?.(i + 1, step.predOriginalSample);
  }
  return sample;
}
