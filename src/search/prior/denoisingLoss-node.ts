import {
  createNoiseSchedule,
  predictionTarget,
  schedulerConfig,
  schedulerConfigSchema,
  noiseLevel,
} from '../../diffusion/index.js';
import { encodeImage } from '../../generation/latents.js';
import type { Image } from '../../image/index.js';
import { encoderOf, nanosdUnet, stagedUnetOf } from '../../models/index.js';
import type { OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import type { NodeExecutor } from '../../runtime/nodeExecutor-node.js';
import { gaussianNoise, tensor, toFloat32, type Tensor } from '../../tensor/index.js';

/** Equal parts of the timesteps. */
const BUCKETS = 10;

/**
 * The mean squared error of a checkpoint's predictions on pictures, all of one side, by tenths of the timesteps, from the least noise
 * to the most; each picture once in each tenth, with noise that the seed decides. `prompt` is `[1, tokens, width]`.
 */
export async function denoisingLoss(
  { unet, vae, schedulerFile }: OpenCheckpoint,
  executor: NodeExecutor,
  pictures: readonly Image[],
  { prompt, seed }: { readonly prompt: Tensor; readonly seed: number },
): Promise<number[]> {
  const [{ width, height }] = pictures;
  const network = stagedUnetOf(unet.network);
  const encoder = encoderOf(vae.network, { batch: 1, height, width });
  const encoding = await executor.loadMapped({ ...encoder, taps: [] }, vae.weights);
  const latents: Float32Array[] = [];
  for (const picture of pictures) latents.push(await encodeImage(encoding, vae.network, picture));
  await encoding[Symbol.asyncDispose]();
  const side = Math.sqrt(latents[0].length / network.inChannels);
  const size = { batch: 1, height: side, width: side, contextTokens: prompt.shape[1] };
  await using session = await executor.loadMapped(
    { ...nanosdUnet(network, size), taps: [] },
    unet.weights,
  );
  const config = schedulerConfig(schedulerConfigSchema.parse(schedulerFile), 'ddim');
  const schedule = createNoiseSchedule(config);
  const count = schedule.alphasCumprod.length;
  const shape = [1, network.inChannels, side, side];
  const losses: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    let sum = 0;
    for (const [i, clean] of latents.entries()) {
      const place = (bucket + (i + 0.5) / latents.length) / BUCKETS;
      const timestep = Math.floor(place * count);
      const level = noiseLevel(schedule, timestep);
      const noise = gaussianNoise(shape, seed, bucket * latents.length + i).data;
      const outputs = await session.run({
        sample: tensor(
          'float32',
          shape,
          clean.map((x, at) => level.alpha * x + level.sigma * noise[at]),
        ),
        timestep: tensor('float32', [1], Float32Array.of(timestep)),
        encoder_hidden_states: prompt,
      });
      sum += meanSquare(
        toFloat32(outputs.out_sample),
        predictionTarget(config.predictionType, clean, noise, level),
      );
    }
    losses.push(sum / latents.length);
  }
  return losses;
}

function meanSquare(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length;
}
