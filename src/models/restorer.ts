import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { zeros } from '../tensor/index.js';
import { resnetBlockTiny, conv2d, type ActivationName } from '../nn/index.js';
import { nanosdRestorer, nanosdRestorerMultiple } from './nanosdRestorer.js';
import type { NanosdRestorerConfig } from './nanosdRestorerConfig.js';

/** A restorer of either class. */
export type RestorerConfig = OneStepRestorerConfig | NanosdRestorerConfig;

/** One-step restorer: encoder, denoiser U-Net, decoder. Channel lists go from fine to coarse. */
export interface OneStepRestorerConfig {
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  readonly inChannels: number;
  /** Width of encoder and decoder, at the input's resolution. */
  readonly baseChannels: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  /** Widths of the U-Net's levels; each halves the resolution of the one before. */
  readonly blockOutChannels: readonly number[];
  /** Blocks a level, on the way down and again on the way up (the coarsest level has them once). */
  readonly layersPerBlock: readonly number[];
  readonly actFn: ActivationName;
}

/**
 * The network on an image `[N, inChannels, H, W]` in [0, 1], H and W multiples of
 * `restorerMultiple(config)`: input `sample`, output `out_sample` `[N, inChannels, scale H, scale W]`.
 */
export function restorer(config: RestorerConfig, size: RestorerSize): Graph {
  return isFamilyRestorer(config) ? nanosdRestorer(config, size) : oneStepRestorer(config, size);
}

/** Whether a member of the family is its middle. */
export function isFamilyRestorer(config: RestorerConfig): config is NanosdRestorerConfig {
  return 'unet' in config;
}

/**
 * Encoder features reach the decoder through 1x1 convolutions (PocketSR's routing), and the picture
 * itself as a nearest-neighbour enlargement to which the decoder adds detail.
 */
function oneStepRestorer(config: OneStepRestorerConfig, size: RestorerSize): Graph {
  const { actFn, baseChannels, inChannels, scale } = config;
  const b = new GraphBuilder();
  const sample = b.input('sample', [size.batch, inChannels, size.height, size.width]);
  const stack = (name: string, x: Value, channels: number, layers: number): Value => {
    let hidden = x;
    for (let i = 0; i < layers; i++) {
      hidden = resnetBlockTiny(b, `${name}.${i}`, hidden, channels, actFn);
    }
    return hidden;
  };

  let features = conv2d(b, 'encoder.conv_in', sample, baseChannels);
  features = stack('encoder.layers', features, baseChannels, config.encoderLayers);
  b.tap('encoder', features, 1);
  const denoised = denoiser(b, config, features, stack);
  b.tap('unet', denoised, 1);
  const routed = conv2d(b, 'decoder.route', features, baseChannels, { kernelSize: 1 });
  let hidden = b.add(denoised, routed);
  hidden = stack('decoder.layers', hidden, baseChannels, config.decoderLayers);
  const detail = conv2d(b, 'decoder.conv_out', hidden, inChannels * scale * scale);
  const base = repeatChannels(b, sample, scale * scale);
  return b.build({ out_sample: b.pixelShuffle(b.add(detail, base), scale) });
}

/**
 * Each channel `count` times in a row: what a pixel shuffle turns into a nearest-neighbour enlargement. A
 * convolution that the runtime joins with the addition that follows, where a resize and an addition at
 * full size take 3 % of the network's time (`npm run bench -- restore`).
 */
function repeatChannels(b: GraphBuilder, x: Value, count: number): Value {
  const channels = x.shape[1];
  const weight = zeros('float32', [channels * count, channels, 1, 1]);
  for (let i = 0; i < channels * count; i++) {
    weight.data[i * channels + Math.floor(i / count)] = 1;
  }
  return b.conv(x, b.constant(weight), null);
}

export interface RestorerSize {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/** Height and width of the input must be multiples of this. */
export function restorerMultiple(config: RestorerConfig): number {
  if (isFamilyRestorer(config)) return nanosdRestorerMultiple(config);
  return 2 ** config.blockOutChannels.length;
}

type Stack = (name: string, x: Value, channels: number, layers: number) => Value;

function denoiser(b: GraphBuilder, config: OneStepRestorerConfig, features: Value, stack: Stack): Value {
  const { baseChannels, blockOutChannels, layersPerBlock } = config;
  const skips: Value[] = [];
  let hidden = features;
  blockOutChannels.forEach((channels, level) => {
    const name = `unet.down_blocks.${level}`;
    hidden = conv2d(b, `${name}.downsampler`, hidden, channels, { stride: 2, padding: 1 });
    hidden = stack(`${name}.resnets`, hidden, channels, layersPerBlock[level]);
    skips.push(hidden);
  });
  for (let level = blockOutChannels.length - 1; level >= 0; level--) {
    const name = `unet.up_blocks.${blockOutChannels.length - 1 - level}`;
    const channels = blockOutChannels[level];
    if (level < blockOutChannels.length - 1) {
      const routed = conv2d(b, `${name}.route`, skips[level], channels, { kernelSize: 1 });
      hidden = stack(`${name}.resnets`, b.add(hidden, routed), channels, layersPerBlock[level]);
    }
    const finer = level === 0 ? baseChannels : blockOutChannels[level - 1];
    const spread = conv2d(b, `${name}.upsampler`, hidden, finer * 4, { kernelSize: 1 });
    hidden = b.pixelShuffle(spread, 2);
  }
  return hidden;
}
