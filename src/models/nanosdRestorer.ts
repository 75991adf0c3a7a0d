import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { conv2d, foldedContext, groupNorms, resnetBlockTiny, type MapNorm } from '../nn/index.js';
import type { MapSize } from './autoencoderKL.js';
import { bicubicPhases } from './enlargement.js';
import type { NanosdRestorerConfig, RestorerRoute } from './nanosdRestorerConfig.js';
import { buildUnetTrunk } from './stagedUnet.js';

/**
 * A restorer around a U-Net of the family, on an image `[N, inChannels, H, W]` in [0, 1], H and W multiples of
 * `nanosdRestorerMultiple`: input `sample`, output `out_sample` `[N, inChannels, scale H, scale W]`, the bicubic
 * enlargement plus what the decoder adds. Time and prompt are constants, group norms affine maps, both part of
 * the convolutions beside them where those are linear neighbours (`foldFamilyUnet` makes such weights). So
 * nothing but attention sees further than convolutions do.
 */
export function nanosdRestorer(config: NanosdRestorerConfig, size: MapSize): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [size.batch, config.inChannels, size.height, size.width]);
  return b.build({ out_sample: buildRestorer(b, config, sample, foldedNorm) });
}

/**
 * The same restorer with group norms, and what they see: besides `out_sample` for each norm two outputs `[N, groups]`,
 * `NAME.mean` and `NAME.square`, the means of what comes in and of its squares. Params are those of `nanosdRestorer`, and the
 * weight and bias of every norm as the family has them.
 */
export function restorerNormStatistics(config: NanosdRestorerConfig, size: MapSize): Graph {
  const b = new GraphBuilder();
  const groups = config.unet.normNumGroups;
  const sample = b.input('sample', [size.batch, config.inChannels, size.height, size.width]);
  const outputs: Record<string, Value> = {};
  const asFamily = groupNorms(groups);
  const measured: MapNorm = (builder, name, x, eps) => {
    const [n, channels, h, w] = x.shape;
    const grouped = b.reshape(x, [n, groups, (channels / groups) * h * w]);
    const mean = (value: Value): Value => b.reshape(b.reduceMean(value, [2]), [n, groups]);
    outputs[`${name}.mean`] = mean(grouped);
    outputs[`${name}.square`] = mean(b.mul(grouped, grouped));
    return asFamily(builder, name, x, eps);
  };
  outputs.out_sample = buildRestorer(b, config, sample, measured);
  return { ...b.build(outputs), taps: [] };
}

/** Height and width of the input must be multiples of this: one cell of the U-Net's coarsest level. */
export function nanosdRestorerMultiple({
  scale,
  latentFactor,
  unet,
}: NanosdRestorerConfig): number {
  return (latentFactor / scale) * 2 ** (unet.levels.length - 1);
}

/** Whether a norm's affine map becomes part of a convolution: of the one before it, or of `proj_in` after it. */
export function isFoldedNorm(name: string): boolean {
  return /\.(norm2|norm)$/.test(name);
}

const foldedNorm: MapNorm = (b, name, x) => {
  if (isFoldedNorm(name)) return x;
  const shape = [1, x.shape[1], 1, 1];
  const [weight, bias] = ['weight', 'bias'].map((part) =>
    b.reshape(b.param(`${name}.${part}`, [x.shape[1]]), shape),
  );
  return b.add(b.mul(x, weight), bias);
};

function buildRestorer(
  b: GraphBuilder,
  config: NanosdRestorerConfig,
  sample: Value,
  norm: MapNorm,
): Value {
  const encoded = encoder(b, config, sample);
  const features = encoded.features[encoded.features.length - 1];
  const { latents, last } = denoiser(b, config, features, norm);
  return decoder(b, config, sample, { features: encoded.features, latents, last });
}

interface Encoded {
  /** What each level gave, from fine to coarse. */
  readonly features: readonly Value[];
}

function encoder(b: GraphBuilder, config: NanosdRestorerConfig, sample: Value): Encoded {
  const { scale, latentFactor, encoder: stack } = config;
  const { channels } = stack;
  const coarsest = channels.length - 1;
  const unshuffled = latentFactor / scale / 2 ** coarsest;
  // The family's autoencoders read pictures in [-1, 1].
  const centred = b.shift(b.scale(sample, 2), -1);
  const pixels = unshuffled === 1 ? centred : b.pixelUnshuffle(centred, unshuffled);
  let hidden = conv2d(b, 'encoder.conv_in', pixels, channels[0]);
  const features = channels.map((_, level) => {
    const name = `encoder.down_blocks.${level}`;
    hidden = blocks(b, name, hidden, level, config, 'encoder');
    const reduction = pixelsOfEncoder(config, level);
    const given = b.tap(name, hidden, reduction);
    if (level < coarsest) {
      const options = { stride: 2, padding: 1 };
      hidden = conv2d(b, `${name}.downsamplers.0.conv`, hidden, channels[level + 1], options);
    }
    return given;
  });
  return { features };
}

/** The U-Net between the encoder's features and the decoder: its prediction beside the latents, and its last map. */
function denoiser(
  b: GraphBuilder,
  config: NanosdRestorerConfig,
  features: Value,
  norm: MapNorm,
): { readonly latents: Value; readonly last: Value } {
  const { unet, promptTokens } = config;
  const { levels, normEps: eps } = unet;
  const latents = conv2d(b, 'encoder.conv_out', features, unet.inChannels);
  let first = conv2d(b, 'unet.conv_in', latents, levels[0].channels);
  if (takes(config, 'input')) first = b.add(first, route(b, 'input', features, first.shape[1]));
  const conditioning = {
    ...{ temb: null, norm, eps },
    crossAttentionContext: (name: string, channels: number) =>
      foldedContext(b, name, promptTokens, channels),
  };
  const last = buildUnetTrunk(b, unet, first, conditioning, 'unet.');
  b.tap('unet', last, config.latentFactor);
  const normed = b.silu(norm(b, 'unet.conv_norm_out', last, eps));
  const predicted = conv2d(b, 'unet.conv_out', normed, unet.outChannels);
  // How much of the prediction is taken from the latents is a matter of the folded weights.
  return { latents: b.add(latents, predicted), last };
}

interface DecoderInputs extends Encoded {
  readonly latents: Value;
  readonly last: Value;
}

function decoder(
  b: GraphBuilder,
  config: NanosdRestorerConfig,
  sample: Value,
  { features, latents, last }: DecoderInputs,
): Value {
  const { channels } = config.decoder;
  const coarsest = channels.length - 1;
  let hidden = conv2d(b, 'decoder.conv_in', latents, channels[coarsest]);
  if (takes(config, 'unet')) hidden = b.add(hidden, route(b, 'unet', last, channels[coarsest]));
  for (let level = coarsest; level >= 0; level--) {
    const name = `decoder.up_blocks.${coarsest - level}`;
    const pixels = config.latentFactor / 2 ** (coarsest - level);
    const own = features.findIndex((_, i) => pixelsOfEncoder(config, i) === pixels);
    if (own >= 0 && takes(config, 'encoder')) {
      hidden = b.add(hidden, route(b, `encoder.${own}`, features[own], channels[level]));
    }
    hidden = blocks(b, name, hidden, level, config, 'decoder');
    b.tap(name, hidden, pixels);
    if (level === 0) break;
    const [, , h, w] = hidden.shape;
    const enlarged = b.apply('resize', [hidden], { mode: 'nearest', height: h * 2, width: w * 2 });
    hidden = conv2d(b, `${name}.upsamplers.0.conv`, enlarged, channels[level - 1]);
  }
  const shuffled = config.latentFactor / 2 ** coarsest;
  const detail = conv2d(b, 'decoder.conv_out', hidden, config.inChannels * shuffled ** 2);
  return addToEnlargement(b, config, sample, detail, shuffled);
}

/** Detail `[N, C * shuffled^2, ...]` and the enlarged picture, added before the shuffle where both have the same. */
function addToEnlargement(
  b: GraphBuilder,
  { scale }: NanosdRestorerConfig,
  sample: Value,
  detail: Value,
  shuffled: number,
): Value {
  const shuffle = (x: Value, by: number): Value => (by === 1 ? x : b.pixelShuffle(x, by));
  if (scale === 1) {
    const base = shuffled === 1 ? sample : b.pixelUnshuffle(sample, shuffled);
    return shuffle(b.add(detail, base), shuffled);
  }
  const base = bicubicPhases(b, sample, scale);
  if (scale === shuffled) return shuffle(b.add(detail, base), scale);
  return b.add(shuffle(detail, shuffled), shuffle(base, scale));
}

function takes({ routes }: NanosdRestorerConfig, name: RestorerRoute): boolean {
  return routes.includes(name);
}

function route(b: GraphBuilder, name: string, from: Value, channels: number): Value {
  return conv2d(b, `routes.${name}`, from, channels, { kernelSize: 1 });
}

/** Pixels of the output a side for one cell of an encoder's level. */
function pixelsOfEncoder({ latentFactor, encoder }: NanosdRestorerConfig, level: number): number {
  return latentFactor / 2 ** (encoder.channels.length - 1 - level);
}

function blocks(
  b: GraphBuilder,
  name: string,
  x: Value,
  level: number,
  config: NanosdRestorerConfig,
  part: 'encoder' | 'decoder',
): Value {
  const { channels, layers } = config[part];
  let hidden = x;
  for (let i = 0; i < layers[level]; i++) {
    hidden = resnetBlockTiny(b, `${name}.resnets.${i}`, hidden, channels[level], config.actFn);
  }
  return hidden;
}
