import { initialSchedulerState, type Scheduler } from '../../diffusion/index.js';
import type { Executor, Session } from '../../graph/index.js';
import { channelPlane, clampImage, createImage, type Image } from '../../image/index.js';
import {
  decoderOf,
  kindEmbeddingName,
  unet2DCondition,
  type Autoencoder,
  type Unet2DConditionConfig,
} from '../../models/index.js';
import { gaussianNoise, tensor, toFloat32, type Tensor, type Weights } from '../../tensor/index.js';
import type { PromptTable } from '../prompts/promptTable.js';

/** A network with its weights. */
export interface Weighted<N> {
  readonly network: N;
  readonly weights: Weights;
}

export interface SamplePlan {
  readonly scheduler: Scheduler;
  readonly prompts: PromptTable;
  /** Rows of the prompts, each of which gives a row of pictures. */
  readonly rows: readonly number[];
  readonly columns: number;
  /** Of the latents, in cells. */
  readonly side: number;
}

/**
 * Pictures from noise, without guidance: a row for each prompt, in which column `i` always begins with the same
 * noise. Null when aborted.
 */
export async function samplePictures(
  executor: Executor,
  unet: Weighted<Unet2DConditionConfig>,
  vae: Weighted<Autoencoder>,
  plan: SamplePlan,
  signal?: AbortSignal,
): Promise<Image[][] | null> {
  const { columns, side } = plan;
  const contexts = plan.rows.map((row) => contextOf(unet, plan.prompts, row, columns));
  const size = { batch: columns, height: side, width: side };
  const denoiser = unet2DCondition(unet.network, {
    ...size,
    contextTokens: contexts[0].shape[1],
  });
  await using session = await executor.load({ ...denoiser, taps: [] }, unet.weights);
  const decoder = { ...decoderOf(vae.network, size), taps: [] };
  await using decoding = await executor.load(decoder, vae.weights);
  const pictures: Image[][] = [];
  for (const context of contexts) {
    const latents = await denoise(session, context, plan, unet.network.inChannels);
    if (signal?.aborted) return null;
    pictures.push(await decode(decoding, vae.network, latents));
  }
  return pictures;
}

/** A prompt for every sample of a row, `[columns, tokens, width]`. */
function contextOf(
  { network, weights }: Weighted<Unet2DConditionConfig>,
  prompts: PromptTable,
  row: number,
  columns: number,
): Tensor {
  const rows = new Array<number>(columns).fill(row);
  if (prompts.spec.from === 'embeddings') return prompts.feeds(rows).encoder_hidden_states;
  const table = toFloat32(
    weights.get(kindEmbeddingName) ?? tensor('float32', [0], new Float32Array()),
  );
  const length = prompts.spec.tokens * network.crossAttentionDim;
  const states = new Float32Array(columns * length);
  for (let i = 0; i < columns; i++) {
    states.set(table.subarray(row * length, (row + 1) * length), i * length);
  }
  return tensor('float32', [columns, prompts.spec.tokens, network.crossAttentionDim], states);
}

async function denoise(
  session: Session,
  context: Tensor,
  { scheduler, columns, side }: SamplePlan,
  channels: number,
): Promise<Tensor<'float32'>> {
  const shape = [columns, channels, side, side];
  const start = gaussianNoise(shape, columns);
  let sample: Float32Array = start.data.map((x) => x * scheduler.initNoiseSigma);
  let state = initialSchedulerState;
  for (const [i, timestep] of scheduler.timesteps.entries()) {
    const input = scheduler.scaleModelInput(sample, i);
    const { out_sample: output } = await session.run({
      sample: tensor('float32', shape, input),
      timestep: tensor('float32', [columns], new Float32Array(columns).fill(timestep)),
      encoder_hidden_states: context,
    });
    ({ state, sample } = scheduler.step(state, toFloat32(output), sample, i));
  }
  return tensor('float32', shape, sample);
}

async function decode(
  session: Session,
  { className, config }: Autoencoder,
  { shape, data }: Tensor<'float32'>,
): Promise<Image[]> {
  const scale = className === 'AutoencoderTiny' ? 1 : config.scalingFactor;
  const latents = tensor(
    'float32',
    shape,
    data.map((x) => x / scale),
  );
  const { sample } = await session.run({ latent_sample: latents });
  const [count, channels, height, width] = sample.shape;
  const pixels = toFloat32(sample).map((x) => x / 2 + 0.5);
  const length = channels * height * width;
  return Array.from({ length: count }, (_, i) => {
    const own = pixels.slice(i * length, (i + 1) * length);
    return clampImage(createImage(width, height, channels, own));
  });
}

/** Pictures of one size, row below row, with a gap between them. */
export function pictureGrid(rows: readonly (readonly Image[])[]): Image {
  const [{ width, height, channels }] = rows[0];
  const columns = Math.max(...rows.map(({ length }) => length));
  const [stepX, stepY] = [width + GAP, height + GAP];
  const grid = createImage(columns * stepX - GAP, rows.length * stepY - GAP, channels);
  grid.data.fill(1);
  for (const [row, pictures] of rows.entries()) {
    for (const [column, picture] of pictures.entries()) {
      for (let channel = 0; channel < channels; channel++) {
        const source = channelPlane(picture, channel);
        const target = channelPlane(grid, channel);
        for (let y = 0; y < height; y++) {
          const to = (row * stepY + y) * grid.width + column * stepX;
          target.set(source.subarray(y * width, (y + 1) * width), to);
        }
      }
    }
  }
  return grid;
}

const GAP = 2;
