import { addNoiseAt, type NoiseSchedule } from '../../../diffusion/index.js';
import type { Feeds } from '../../../graph/index.js';
import { float32, Random, tensor } from '../../../tensor/index.js';
import { drawTrainingNoise } from '../unet/loss.js';
import {
  openLatents,
  type LatentBatch,
  type LatentOptions,
  type Latents,
} from '../../latents/latents-node.js';
import type { SampleStream } from '../objective.js';
import type { PromptTable } from '../../prompts/promptTable.js';
import type { SessionPool } from '../../loop/sessionPool-node.js';

export interface AlignmentSampleOptions {
  /** As the teacher's VAE makes them. */
  readonly latents: LatentOptions;
  /** The same photographs as the student's makes them; null where the student has the teacher's. */
  readonly ownLatents: LatentOptions | null;
  readonly prompts: PromptTable;
  readonly schedule: NoiseSchedule;
  readonly conditioningDropout: number;
  /** Samples a share. */
  readonly count: number;
  /** The timestep of sample `number`; at random unless given. */
  readonly timestepOf?: (number: number) => number;
}

/**
 * What a student is aligned on: windows of latents, each noised to a timestep, with its prompt, and what the
 * teacher predicts of the same. The window follows from the sample's number, and so do noise, timestep and prompt:
 * a stream of their own, apart from that of the window.
 */
export function openAlignmentSamples(
  options: AlignmentSampleOptions,
  teacher: SessionPool,
  onWarning: (warning: string) => void,
): SampleStream {
  const { latents, ownLatents, count } = options;
  let opened: Promise<readonly Latents[]> | null = null;
  return {
    async take(first): Promise<Feeds> {
      const sources = await (opened ??= openSources([latents, ownLatents], onWarning));
      const batches = await Promise.all(sources.map((source) => source.take(first, count)));
      const { taught, own } = noisedBatches(options, batches, first);
      return { ...own, ...(await teacher.run(taught)) };
    },
    async [Symbol.asyncDispose]() {
      const sources = await opened?.catch(() => null);
      for (const source of sources ?? []) await source[Symbol.asyncDispose]();
      await teacher[Symbol.asyncDispose]();
    },
  };
}

function openSources(
  options: readonly (LatentOptions | null)[],
  onWarning: (warning: string) => void,
): Promise<readonly Latents[]> {
  const wanted = options.filter((source) => source !== null);
  return Promise.all(wanted.map((source, i) => openLatents(source, i === 0 ? { onWarning } : {})));
}

/** What teacher and student are fed: the same but for the latents, where each has its own. */
function noisedBatches(
  { prompts, schedule, conditioningDropout, latents, timestepOf }: AlignmentSampleOptions,
  batches: readonly LatentBatch[],
  first: number,
): { taught: Feeds; own: Feeds } {
  const [{ latents: clean, kind }] = batches;
  const { length: steps } = schedule.alphasCumprod;
  const randoms = Array.from(kind.data, (_, i) => Random.seeded(latents.seed, first + i).fork());
  const timesteps = randoms.map((random, i) => {
    const drawn = random.integer(steps);
    return timestepOf?.(first + i) ?? drawn;
  });
  const rows = randoms.map((random, i) => {
    const isDropped = random.uniform() < conditioningDropout;
    return isDropped ? prompts.names.length - 1 : prompts.rowOf(Number(kind.data[i]));
  });
  const noise = randoms.map((random) => drawTrainingNoise(random, clean.shape.slice(1), 0));
  const told: Feeds = { timestep: float32([rows.length], timesteps), ...prompts.feeds(rows) };
  const feedsOf = ({ latents: { shape, data } }: LatentBatch): Feeds => {
    const noised = addNoiseAt(schedule, data, joined(noise), timesteps);
    return { sample: tensor('float32', shape, noised), ...told };
  };
  return { taught: feedsOf(batches[0]), own: feedsOf(batches[batches.length - 1]) };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
