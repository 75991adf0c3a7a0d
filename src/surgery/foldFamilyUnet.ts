import { createInterpreter, GraphBuilder } from '../graph/index.js';
import { isFoldedNorm, type StagedUnetConfig } from '../models/index.js';
import { linear, timestepEmbedding, timestepSinusoid } from '../nn/index.js';
import { castWeights, type TensorSource } from '../weights/index.js';
import { float32, toFloat32, type Tensor, type Weights } from '../tensor/index.js';
import { foldPromptEmbeddings } from './foldPromptEmbeddings.js';

type FloatWeights = Map<string, Tensor<'float32'>>;

/** What a U-Net is told in every picture alike. */
export interface ConstantConditioning {
  /** 0 to 999. */
  readonly timestep: number;
  /** `[1, tokens, crossAttentionDim]`. */
  readonly encoderHiddenStates: Tensor;
}

/**
 * The weights of a U-Net, float32, with its time and prompt built in: what a resnet adds for the time is part of
 * `conv1.bias`, what cross-attention reads of the prompt are `attn2.key` and `attn2.value`. Its group norms stay.
 * @throws Error for embeddings of another shape.
 */
export async function foldConditioning(
  unet: { readonly config: StagedUnetConfig; readonly weights: TensorSource },
  { timestep, encoderHiddenStates }: ConstantConditioning,
): Promise<FloatWeights> {
  const { weights } = foldPromptEmbeddings(unet, encoderHiddenStates);
  const all = new Map<string, Tensor>();
  for (const name of weights.entries.keys()) all.set(name, await weights.read(name));
  const folded: FloatWeights = new Map(castWeights(all, 'float32') as FloatWeights);
  const added = await timeBiases(unet.config, folded, timestep);
  for (const [resnet, time] of added) {
    const bias = held(folded, `${resnet}.conv1.bias`);
    folded.set(
      `${resnet}.conv1.bias`,
      float32(
        bias.shape,
        bias.data.map((value, c) => value + time[c]),
      ),
    );
  }
  for (const name of folded.keys()) {
    if (/^time_embedding\.|\.time_emb_proj\./.test(name)) folded.delete(name);
  }
  return folded;
}

/** What each resnet adds to its channels at a time. */
async function timeBiases(
  config: StagedUnetConfig,
  weights: Weights,
  timestep: number,
): Promise<ReadonlyMap<string, Float32Array>> {
  const { flipSinToCos, freqShift, levels } = config;
  const { channels } = levels[0];
  const b = new GraphBuilder();
  const options = { channels, flipSinToCos, freqShift };
  const sinusoid = timestepSinusoid(b, b.input('timestep', [1]), options);
  const temb = b.silu(timestepEmbedding(b, 'time_embedding', sinusoid, channels * 4));
  const names = [...weights.keys()].flatMap((name) => {
    const [, resnet] = /^(.*)\.time_emb_proj\.weight$/.exec(name) ?? [];
    return resnet === undefined ? [] : [resnet];
  });
  const outputs = names.map((name) => {
    const width = held(weights, `${name}.time_emb_proj.bias`).shape[0];
    return [name, linear(b, `${name}.time_emb_proj`, temb, width)] as const;
  });
  const graph = b.build(Object.fromEntries(outputs));
  await using session = await createInterpreter().load(graph, weights);
  const biases = await session.run({ timestep: float32([1], [timestep]) });
  return new Map(names.map((name) => [name, toFloat32(biases[name])]));
}

/** Mean and variance of a norm's input, one number a group. */
export interface NormStatistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly eps: number;
}

/** A transformer's norm has an epsilon of its own. */
const TRANSFORMER_EPS = 1e-6;

/**
 * Statistics by the norm's name, of the means of its input and of the input's squares, one number a group: `NAME.mean`
 * and `NAME.square`, as `restorerNormStatistics` gives them.
 */
export function normStatistics(
  means: ReadonlyMap<string, Float64Array>,
  normEps: number,
): ReadonlyMap<string, NormStatistics> {
  const statistics = new Map<string, NormStatistics>();
  for (const [key, mean] of means) {
    if (!key.endsWith('.mean')) continue;
    const name = key.slice(0, -'.mean'.length);
    const square = means.get(`${name}.square`) ?? mean;
    const variance = mean.map((value, group) => Math.max(square[group] - value * value, 0));
    statistics.set(name, {
      ...{ mean, variance },
      eps: name.endsWith('.norm') ? TRANSFORMER_EPS : normEps,
    });
  }
  return statistics;
}

/**
 * The weights of a network in which every group norm of `statistics` is the affine map that it was on those
 * pictures: part of `conv1` before a `norm2` and of `proj_in` after a transformer's `norm`, else under the norm's own
 * name, as `nanosdRestorer` takes them.
 */
export function foldNorms(
  weights: Weights,
  statistics: ReadonlyMap<string, NormStatistics>,
): FloatWeights {
  const folded = new Map(castWeights(weights, 'float32') as FloatWeights);
  for (const [name, measured] of statistics) {
    const affine = affineOf(folded, name, measured);
    const module = name.slice(0, name.lastIndexOf('.'));
    if (!isFoldedNorm(name)) {
      folded.set(`${name}.weight`, float32([affine.scale.length], affine.scale));
      folded.set(`${name}.bias`, float32([affine.shift.length], affine.shift));
      continue;
    }
    folded.delete(`${name}.weight`);
    folded.delete(`${name}.bias`);
    if (name.endsWith('.norm2')) scaleOutputs(folded, `${module}.conv1`, affine);
    else scaleInputs(folded, `${module}.proj_in`, affine);
  }
  return folded;
}

interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

function affineOf(weights: Weights, name: string, { mean, variance, eps }: NormStatistics): Affine {
  const [gamma, beta] = ['weight', 'bias'].map((part) =>
    toFloat32(held(weights, `${name}.${part}`)),
  );
  const perGroup = gamma.length / mean.length;
  const scale = Float64Array.from(gamma, (value, c) => {
    return value / Math.sqrt(variance[Math.floor(c / perGroup)] + eps);
  });
  const shift = Float64Array.from(beta, (value, c) => {
    return value - scale[c] * mean[Math.floor(c / perGroup)];
  });
  return { scale, shift };
}

/** The map after a convolution. */
function scaleOutputs(weights: FloatWeights, name: string, { scale, shift }: Affine): void {
  const [weight, bias] = ['weight', 'bias'].map((part) => held(weights, `${name}.${part}`));
  const row = weight.data.length / scale.length;
  weights.set(
    `${name}.weight`,
    float32(
      weight.shape,
      Float64Array.from(weight.data, (value, i) => value * scale[Math.floor(i / row)]),
    ),
  );
  const moved = Float64Array.from(bias.data, (value, c) => value * scale[c] + shift[c]);
  weights.set(`${name}.bias`, float32(bias.shape, moved));
}

/** The map before a 1x1 convolution. */
function scaleInputs(weights: FloatWeights, name: string, { scale, shift }: Affine): void {
  const [weight, bias] = ['weight', 'bias'].map((part) => held(weights, `${name}.${part}`));
  const moved = Float64Array.from(bias.data);
  const scaled = Float64Array.from(weight.data, (value, i) => {
    const input = i % scale.length;
    moved[Math.floor(i / scale.length)] += value * shift[input];
    return value * scale[input];
  });
  weights.set(`${name}.weight`, float32(weight.shape, scaled));
  weights.set(`${name}.bias`, float32(bias.shape, moved));
}

function held<T extends Tensor>(weights: ReadonlyMap<string, T>, name: string): T {
  const found = weights.get(name);
  if (!found) throw new Error(`expected ${name}, which such a U-Net has`);
  return found;
}
