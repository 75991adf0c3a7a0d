import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { conv2d, groupNorm } from '../nn/index.js';
import {
  downEncoderBlock2d,
  midBlock2d,
  upDecoderBlock2d,
  VAE_NORM_EPS,
} from './autoencoderKLBlocks.js';
import { latentFactor, type AutoencoderKLConfig } from './autoencoderKLConfig.js';

/** Of what goes in: pixels for an encoder, cells for a decoder. */
export interface MapSize {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The encoder of SD 1.x's VAE: input `sample` `[N, inChannels, H, W]` in [-1, 1], output
 * `latent_parameters` `[N, 2 latentChannels, h, w]`, mean and log-variance of a Gaussian
 * (`gaussianMoments` takes them apart). Sides are halved at each level, rounding down.
 */
export function autoencoderKLEncoder(config: AutoencoderKLConfig, size: MapSize): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [size.batch, config.inChannels, size.height, size.width]);
  return b.build({ latent_parameters: buildEncoder(b, config, sample) });
}

/**
 * The decoder: input `latent_sample` `[N, latentChannels, h, w]`, not scaled (a pipeline's latents are
 * divided by `scalingFactor` first); output `sample` `[N, outChannels, H, W]`, about [-1, 1] but not clamped.
 */
export function autoencoderKLDecoder(config: AutoencoderKLConfig, size: MapSize): Graph {
  const b = new GraphBuilder();
  const shape = [size.batch, config.latentChannels, size.height, size.width];
  return b.build({ sample: buildDecoder(b, config, b.input('latent_sample', shape)) });
}

/** Adds the encoder and `quant_conv` to a graph; see `autoencoderKLEncoder`. */
export function buildEncoder(b: GraphBuilder, config: AutoencoderKLConfig, sample: Value): Value {
  const { blockOutChannels, layersPerBlock: layers, normNumGroups: groups } = config;
  let hidden = conv2d(b, 'encoder.conv_in', sample, blockOutChannels[0]);
  b.tap('encoder.conv_in', hidden, 1);
  blockOutChannels.forEach((channels, level) => {
    const resamples = level < blockOutChannels.length - 1;
    const options = { channels, layers, groups, reduction: 2 ** level, resamples };
    hidden = downEncoderBlock2d(b, `encoder.down_blocks.${level}`, hidden, options);
  });
  const reduction = latentFactor(config);
  const addAttention = config.midBlockAddAttention;
  hidden = midBlock2d(b, 'encoder.mid_block', hidden, { groups, reduction, addAttention });
  hidden = normOut(b, 'encoder', hidden, groups, reduction);
  hidden = conv2d(b, 'encoder.conv_out', hidden, 2 * config.latentChannels);
  b.tap('encoder.conv_out', hidden, reduction);
  hidden = conv2d(b, 'quant_conv', hidden, 2 * config.latentChannels, { kernelSize: 1 });
  return b.tap('quant_conv', hidden, reduction);
}

/** Adds `post_quant_conv` and the decoder to a graph; see `autoencoderKLDecoder`. */
export function buildDecoder(b: GraphBuilder, config: AutoencoderKLConfig, latent: Value): Value {
  const { blockOutChannels, layersPerBlock, normNumGroups: groups } = config;
  const widths = [...blockOutChannels].reverse();
  let reduction = latentFactor(config);
  let hidden = conv2d(b, 'post_quant_conv', latent, config.latentChannels, { kernelSize: 1 });
  b.tap('post_quant_conv', hidden, reduction);
  hidden = conv2d(b, 'decoder.conv_in', hidden, widths[0]);
  b.tap('decoder.conv_in', hidden, reduction);
  const addAttention = config.midBlockAddAttention;
  hidden = midBlock2d(b, 'decoder.mid_block', hidden, { groups, reduction, addAttention });
  widths.forEach((channels, level) => {
    const resamples = level < widths.length - 1;
    const options = { channels, layers: layersPerBlock + 1, groups, reduction, resamples };
    hidden = upDecoderBlock2d(b, `decoder.up_blocks.${level}`, hidden, options);
    if (resamples) reduction /= 2;
  });
  hidden = normOut(b, 'decoder', hidden, groups, reduction);
  return b.tap('decoder.conv_out', conv2d(b, 'decoder.conv_out', hidden, config.outChannels), 1);
}

function normOut(
  b: GraphBuilder,
  part: string,
  x: Value,
  groups: number,
  reduction: number,
): Value {
  const name = `${part}.conv_norm_out`;
  return b.silu(b.tap(name, groupNorm(b, name, x, groups, VAE_NORM_EPS), reduction));
}
