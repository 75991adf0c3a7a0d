import type { NoiseSchedule } from '../../../diffusion/index.js';
import { Random, tensor, type Tensor } from '../../../tensor/index.js';
import { drawTimesteps, drawTrainingNoise } from './loss.js';
import { openLatents, type LatentOptions, type Latents } from '../../latents/latents-node.js';
import type { SampleStream } from '../objective.js';
import type { PromptTable } from '../../prompts/promptTable.js';

export interface UnetSampleOptions {
  readonly latents: LatentOptions;
  readonly prompts: PromptTable;
  readonly schedule: NoiseSchedule;
  readonly conditioningDropout: number;
  readonly noiseOffset: number;
  /** Samples a share. */
  readonly count: number;
}

/** Latents, and for each the noise, the timestep and the prompt that it is denoised with: a stream of its own, apart from that of its window. */
export function openUnetSamples(
  options: UnetSampleOptions,
  onWarning: (warning: string) => void,
): SampleStream {
  const { prompts, schedule, count } = options;
  const { seed } = options.latents;
  let opened: Promise<Latents> | null = null;
  return {
    async take(first) {
      const source = await (opened ??= openLatents(options.latents, { onWarning }));
      const { latents, kind } = await source.take(first, count);
      const randoms = Array.from({ length: count }, (_, i) =>
        Random.seeded(seed, first + i).fork(),
      );
      const timestep = drawTimesteps(randoms, schedule);
      const rows = randoms.map((random, i) => {
        const isDropped = random.uniform() < options.conditioningDropout;
        return isDropped ? prompts.names.length - 1 : prompts.rowOf(Number(kind.data[i]));
      });
      const noise = noiseLike(latents, randoms, options.noiseOffset);
      return { latents, noise, timestep, ...prompts.feeds(rows) };
    },
    async [Symbol.asyncDispose]() {
      const source = await opened?.catch(() => null);
      await source?.[Symbol.asyncDispose]();
    },
  };
}

function noiseLike(
  { shape }: Tensor<'float32'>,
  randoms: readonly Random[],
  offset: number,
): Tensor<'float32'> {
  const drawn = randoms.map((random) => drawTrainingNoise(random, shape.slice(1), offset));
  const noise = new Float32Array(drawn.reduce((sum, { length }) => sum + length, 0));
  drawn.forEach((values, i) => noise.set(values, i * values.length));
  return tensor('float32', shape, noise);
}
