import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { activation, conv2d } from '../nn/index.js';
import type { MapSize } from './autoencoderKL.js';
import type { AutoencoderTinyConfig } from './autoencoderTinyConfig.js';

/** The decoder takes latents of about ± this; it is not `latent_magnitude`, though the two are equal in TAESD. */
const LATENT_LIMIT = 3;

/**
 * TAESD's encoder (diffusers' `AutoencoderTiny`): input `sample` `[N, inChannels, H, W]` in [-1, 1], output
 * `latents` `[N, latentChannels, h, w]`, on the scale of the U-Net's (no `scaling_factor` but 1 is used).
 */
export function autoencoderTinyEncoder(config: AutoencoderTinyConfig, size: MapSize): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [size.batch, config.inChannels, size.height, size.width]);
  return b.build({ latents: buildTinyEncoder(b, config, sample) });
}

/** TAESD's decoder: input `latent_sample` `[N, latentChannels, h, w]`, output `sample` `[N, outChannels, H, W]`, about [-1, 1] but not clamped. */
export function autoencoderTinyDecoder(config: AutoencoderTinyConfig, size: MapSize): Graph {
  const b = new GraphBuilder();
  const shape = [size.batch, config.latentChannels, size.height, size.width];
  return b.build({ sample: buildTinyDecoder(b, config, b.input('latent_sample', shape)) });
}

/** Adds the encoder to a graph; see `autoencoderTinyEncoder`. */
export function buildTinyEncoder(
  b: GraphBuilder,
  config: AutoencoderTinyConfig,
  sample: Value,
): Value {
  const { encoderChannels: channels, numEncoderBlocks } = config;
  const next = layerNames('encoder');
  let hidden = b.scale(b.shift(sample, 1), 0.5);
  numEncoderBlocks.forEach((count, level) => {
    const first = level === 0;
    hidden = conv2d(b, next(), hidden, channels, { stride: first ? 1 : 2, bias: first });
    hidden = blocks(b, next, hidden, count, config);
    b.tap(`encoder.${level}`, hidden, 2 ** level);
  });
  return conv2d(b, next(), hidden, config.latentChannels);
}

/** Adds the decoder to a graph; see `autoencoderTinyDecoder`. */
export function buildTinyDecoder(
  b: GraphBuilder,
  config: AutoencoderTinyConfig,
  latent: Value,
): Value {
  const { decoderChannels: channels, numDecoderBlocks, actFn } = config;
  const next = layerNames('decoder');
  const limited = b.scale(b.apply('tanh', [b.scale(latent, 1 / LATENT_LIMIT)], {}), LATENT_LIMIT);
  let hidden = activation(b, actFn, conv2d(b, next(), limited, channels));
  next();
  numDecoderBlocks.forEach((count, level) => {
    const last = level === numDecoderBlocks.length - 1;
    hidden = blocks(b, next, hidden, count, config);
    b.tap(`decoder.${level}`, hidden, 2 ** (numDecoderBlocks.length - 1 - level));
    if (!last) {
      hidden = enlarge(b, hidden);
      next();
    }
    hidden = conv2d(b, next(), hidden, last ? config.outChannels : channels, { bias: last });
  });
  return b.shift(b.scale(hidden, 2), -1);
}

/** Latents as 0 to 1, to be stored as a picture; what lies beyond is clamped. */
export function scaleTinyLatents(
  b: GraphBuilder,
  { latentMagnitude, latentShift }: AutoencoderTinyConfig,
  latents: Value,
): Value {
  const scaled = b.shift(b.scale(latents, 1 / (2 * latentMagnitude)), latentShift);
  return b.apply('clip', [scaled], { min: 0, max: 1 });
}

/** The inverse of `scaleTinyLatents`. */
export function unscaleTinyLatents(
  b: GraphBuilder,
  { latentMagnitude, latentShift }: AutoencoderTinyConfig,
  scaled: Value,
): Value {
  return b.scale(b.shift(scaled, -latentShift), 2 * latentMagnitude);
}

/** Counts the entries of the reference's sequence, in which activations and enlargements have a number too. */
function layerNames(part: string): () => string {
  let index = 0;
  return () => `${part}.layers.${index++}`;
}

function blocks(
  b: GraphBuilder,
  next: () => string,
  x: Value,
  count: number,
  { actFn }: AutoencoderTinyConfig,
): Value {
  let hidden = x;
  for (let i = 0; i < count; i++) {
    const name = next();
    const channels = x.shape[1];
    let residual = activation(b, actFn, conv2d(b, `${name}.conv.0`, hidden, channels));
    residual = activation(b, actFn, conv2d(b, `${name}.conv.2`, residual, channels));
    residual = conv2d(b, `${name}.conv.4`, residual, channels);
    // The last activation is ReLU whatever act_fn says.
    hidden = b.relu(b.add(residual, hidden));
  }
  return hidden;
}

function enlarge(b: GraphBuilder, x: Value): Value {
  const [, , h, w] = x.shape;
  return b.apply('resize', [x], { mode: 'nearest', height: h * 2, width: w * 2 });
}
