import {
  minSnrWeight,
  noiseLevel,
  type NoiseSchedule,
  type PredictionType,
} from '../../../diffusion/index.js';
import { GraphBuilder, type Graph, type Value } from '../../../graph/index.js';
import {
  buildUnet2DCondition,
  kindEmbeddingName,
  type Unet2DConditionConfig,
} from '../../../models/index.js';
import {
  elementCount,
  float32,
  tensor,
  type Random,
  type Shape,
  type Tensor,
} from '../../../tensor/index.js';

/** What the U-Net is told besides the timestep. */
export type DenoisingPrompts =
  /** Embeddings of prompts: input `encoder_hidden_states` `[N, tokens, crossAttentionDim]`. */
  | { readonly from: 'embeddings'; readonly tokens: number }
  /** Kinds of pictures: input `kind` `[N]` int64 chooses a row of a param that is learned. */
  | { readonly from: 'kinds'; readonly tokens: number; readonly kinds: number };

export interface DenoisingLossOptions {
  readonly batch: number;
  /** Of the latents, in cells. */
  readonly height: number;
  readonly width: number;
  readonly schedule: NoiseSchedule;
  readonly predictionType: PredictionType;
  /** Of min-SNR weighting (Hang et al. 2023), commonly 5; null: every timestep's error counts alike. */
  readonly snrGamma: number | null;
  readonly prompts: DenoisingPrompts;
}

/**
 * What a denoiser is trained by (Ho et al. 2020, eq. 14): inputs `latents` and `noise`, `[N, C, h, w]`,
 * scaled latents and what is added to them, `timestep` `[N]` int64, and that of `prompts`; scalar output
 * `loss`, the mean over the batch of each sample's mean squared error, weighted.
 */
export function denoisingLossGraph(
  config: Unet2DConditionConfig,
  options: DenoisingLossOptions,
): Graph {
  const { batch, height, width, schedule, predictionType, snrGamma } = options;
  const b = new GraphBuilder();
  const shape = [batch, config.inChannels, height, width];
  const latents = b.input('latents', shape);
  const noise = b.input('noise', shape);
  const timestep = b.input('timestep', [batch], 'int64');
  const count = schedule.alphasCumprod.length;
  const perSample = (valueAt: (timestep: number) => number): Value => {
    const table = b.constant(
      float32(
        [count],
        Array.from({ length: count }, (_, t) => valueAt(t)),
      ),
    );
    return b.reshape(b.apply('gather', [table, timestep], { axis: 0 }), [batch, 1, 1, 1]);
  };
  const alpha = perSample((t) => noiseLevel(schedule, t).alpha);
  const sigma = perSample((t) => noiseLevel(schedule, t).sigma);
  const prediction = buildUnet2DCondition(b, config, {
    sample: b.add(b.mul(alpha, latents), b.mul(sigma, noise)),
    timestep: b.apply('cast', [timestep], { to: 'float32' }),
    encoderHiddenStates: promptEmbeddings(b, config, options),
  });
  const target = targetOf(b, predictionType, { latents, noise, alpha, sigma });
  const difference = b.sub(prediction, target);
  const errors = b.reduceMean(b.mul(difference, difference), [1, 2, 3]);
  const weighted =
    snrGamma === null
      ? errors
      : b.mul(
          errors,
          perSample((t) => minSnrWeight(schedule, predictionType, t, snrGamma)),
        );
  return { ...b.build({ loss: b.reshape(b.reduceMean(weighted, [0]), []) }), taps: [] };
}

function targetOf(
  b: GraphBuilder,
  type: PredictionType,
  { latents, noise, alpha, sigma }: Record<'latents' | 'noise' | 'alpha' | 'sigma', Value>,
): Value {
  switch (type) {
    case 'epsilon':
      return noise;
    case 'v_prediction':
      return b.sub(b.mul(alpha, noise), b.mul(sigma, latents));
    case 'sample':
      return latents;
  }
}

function promptEmbeddings(
  b: GraphBuilder,
  { crossAttentionDim }: Unet2DConditionConfig,
  { batch, prompts }: DenoisingLossOptions,
): Value {
  const shape = [batch, prompts.tokens, crossAttentionDim];
  if (prompts.from === 'embeddings') return b.input('encoder_hidden_states', shape);
  const rows = b.param(kindEmbeddingName, [prompts.kinds, prompts.tokens * crossAttentionDim]);
  const kind = b.input('kind', [batch], 'int64');
  return b.reshape(b.apply('gather', [rows, kind], { axis: 0 }), shape);
}

/**
 * The noise of one sample `[C, h, w]`: standard normal, plus `offset` times a normal number for each
 * channel, from which a denoiser learns to change the brightness of a whole picture (0: none; commonly
 * 0.05 to 0.1).
 */
export function drawTrainingNoise(random: Random, shape: Shape, offset: number): Float32Array {
  const noise = random.normals(elementCount(shape));
  if (offset === 0) return noise;
  const [channels] = shape;
  const offsets = random.normals(channels);
  const cells = noise.length / channels;
  return noise.map((value, i) => value + offset * offsets[Math.floor(i / cells)]);
}

/** Timesteps of a batch, each as likely as any other: int64 `[N]`, sample `n` by its own `randoms[n]`. */
export function drawTimesteps(
  randoms: readonly Random[],
  { alphasCumprod }: NoiseSchedule,
): Tensor<'int64'> {
  const drawn = randoms.map((random) => BigInt(random.integer(alphasCumprod.length)));
  return tensor('int64', [randoms.length], BigInt64Array.from(drawn));
}
