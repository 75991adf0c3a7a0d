import { initialSchedulerState, type Scheduler } from '../../diffusion/index.js';
import type { Session } from '../../graph/index.js';
import { gaussianNoise, tensor, toFloat32, type Shape, type Tensor } from '../../tensor/index.js';

/** What a set of samples is made from: the same for the teacher and for every student. */
export interface SamplePlan {
  readonly scheduler: Scheduler;
  /** The prompts, `[1, tokens, width]`; sample i has prompt i modulo their number. */
  readonly prompts: readonly Tensor[];
  /** Sample i starts from the noise of `seed + i`. */
  readonly seed: number;
  readonly samples: number;
  /** Samples of one run of the network. */
  readonly batch: number;
  /** Of one sample: `[C, h, w]`. */
  readonly latent: Shape;
}

export interface SampleOptions {
  /** Rejects with the signal's reason; batches that are being computed are dropped. */
  readonly signal?: AbortSignal;
  /** Called after each step with the part of all steps that is done, 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

/** Latents beyond this are no pictures any more: a student that diverges is measured, and found bad. */
const LATENT_LIMIT = 1e3;

/**
 * Samples without guidance: latents `[samples, C, h, w]` on the U-Net's scale. Each session, loaded for
 * `plan.batch`, computes batches of its own, side by side with the others; how many there are does not change the
 * result.
 */
export async function sampleLatents(
  sessions: readonly Session[],
  plan: SamplePlan,
  { signal, onProgress }: SampleOptions = {},
): Promise<Float32Array> {
  const { samples, batch, latent, scheduler } = plan;
  const size = latent.reduce((product, n) => product * n, 1);
  const latents = new Float32Array(samples * size);
  const steps = Math.ceil(samples / batch) * scheduler.timesteps.length;
  let done = 0;
  const onStep = (): void => onProgress?.(++done / steps);
  await shareBatches(sessions, samples, batch, async (session, first) => {
    const sampled = await sampleBatch(session, plan, first, { onStep, ...(signal && { signal }) });
    latents.set(sampled.subarray(0, Math.min(batch, samples - first) * size), first * size);
  });
  return latents;
}

/** Calls `compute` with the first sample of each batch; each worker takes the next when it is done with one. */
export async function shareBatches<Worker>(
  workers: readonly Worker[],
  samples: number,
  batch: number,
  compute: (worker: Worker, first: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (worker: Worker): Promise<void> => {
    while (next < samples) {
      const first = next;
      next += batch;
      await compute(worker, first).catch((error: unknown) => {
        next = samples;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(workers.map(work));
  // All are waited for, so that none computes on when the sessions are disposed of.
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function sampleBatch(
  session: Session,
  { scheduler, prompts, seed, batch, latent }: SamplePlan,
  first: number,
  { signal, onStep }: { readonly signal?: AbortSignal; readonly onStep: () => void },
): Promise<Float32Array> {
  const shape = [batch, ...latent];
  const of = <T>(draw: (sample: number) => T): T[] =>
    Array.from({ length: batch }, (_, i) => draw(first + i));
  const context = stack(of((i) => prompts[i % prompts.length]));
  const noiseOf = (stream: number): Float32Array =>
    stack(of((i) => gaussianNoise([1, ...latent], seed + i, stream))).data;
  let sample = noiseOf(0).map((x) => x * scheduler.initNoiseSigma);
  let state = initialSchedulerState;
  for (const [i, timestep] of scheduler.timesteps.entries()) {
    signal?.throwIfAborted();
    const feeds = {
      sample: tensor('float32', shape, scheduler.scaleModelInput(sample, i)),
      timestep: tensor('float32', [batch], new Float32Array(batch).fill(timestep)),
      encoder_hidden_states: context,
    };
    const output = toFloat32((await session.run(feeds)).out_sample);
    const noise = scheduler.needsNoise(i) ? noiseOf(i + 1) : undefined;
    const step = scheduler.step(state, output, sample, i, noise);
    state = step.state;
    sample = step.sample.map(limited);
    onStep();
  }
  return sample;
}

function limited(x: number): number {
  return Number.isNaN(x) ? LATENT_LIMIT : Math.min(LATENT_LIMIT, Math.max(-LATENT_LIMIT, x));
}

/** Tensors of a batch of one, one after the other. */
export function stack(parts: readonly Tensor[]): Tensor<'float32'> {
  const [{ shape }] = parts;
  const length = shape.reduce((product, n) => product * n, 1);
  const data = new Float32Array(parts.length * length);
  parts.forEach((part, i) => data.set(toFloat32(part), i * length));
  return tensor('float32', [parts.length, ...shape.slice(1)], data);
}
