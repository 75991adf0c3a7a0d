import type { GraphBuilder, Value } from '../graph/index.js';
import { conv2d, groupNorms, resnetBlock2d, spatialAttention } from '../nn/index.js';

/** Of every GroupNorm of the VAE; the U-Net's resnets have 1e-5. */
export const VAE_NORM_EPS = 1e-6;

export interface LevelOptions {
  readonly channels: number;
  readonly layers: number;
  readonly groups: number;
  /** Pixels of the picture a side for one cell of the map that comes in. */
  readonly reduction: number;
  /** Whether the level ends with a change of resolution. */
  readonly resamples: boolean;
}

/** diffusers' `DownEncoderBlock2D`: resnets, then half the resolution. */
export function downEncoderBlock2d(
  b: GraphBuilder,
  name: string,
  x: Value,
  options: LevelOptions,
): Value {
  const { channels, reduction, resamples } = options;
  let hidden = resnets(b, name, x, options);
  if (resamples) {
    hidden = downsample(b, `${name}.downsamplers.0.conv`, hidden, channels);
    b.tap(`${name}.downsamplers.0`, hidden, reduction * 2);
  }
  return b.tap(name, hidden, resamples ? reduction * 2 : reduction);
}

/** diffusers' `UpDecoderBlock2D`: resnets, then twice the resolution. */
export function upDecoderBlock2d(
  b: GraphBuilder,
  name: string,
  x: Value,
  options: LevelOptions,
): Value {
  const { channels, reduction, resamples } = options;
  let hidden = resnets(b, name, x, options);
  if (resamples) {
    hidden = upsample(b, `${name}.upsamplers.0.conv`, hidden, channels);
    b.tap(`${name}.upsamplers.0`, hidden, reduction / 2);
  }
  return b.tap(name, hidden, resamples ? reduction / 2 : reduction);
}

export interface MidBlockOptions {
  readonly groups: number;
  /** Pixels of the picture a side for one cell of the map. */
  readonly reduction: number;
  readonly addAttention: boolean;
}

/** diffusers' `UNetMidBlock2D` of a VAE: resnet, attention over all cells by one head (where asked for), resnet. */
export function midBlock2d(
  b: GraphBuilder,
  name: string,
  x: Value,
  { groups, reduction, addAttention }: MidBlockOptions,
): Value {
  const eps = VAE_NORM_EPS;
  const resnet = { outChannels: x.shape[1], norm: groupNorms(groups), eps };
  let hidden = resnetBlock2d(b, `${name}.resnets.0`, x, null, resnet);
  b.tap(`${name}.resnets.0`, hidden, reduction);
  if (addAttention) {
    hidden = spatialAttention(b, `${name}.attentions.0`, hidden, { groups, eps });
    b.tap(`${name}.attentions.0`, hidden, reduction);
  }
  hidden = resnetBlock2d(b, `${name}.resnets.1`, hidden, null, resnet);
  b.tap(`${name}.resnets.1`, hidden, reduction);
  return b.tap(name, hidden, reduction);
}

function resnets(
  b: GraphBuilder,
  name: string,
  x: Value,
  { channels, layers, groups, reduction }: LevelOptions,
): Value {
  let hidden = x;
  for (let i = 0; i < layers; i++) {
    const block = `${name}.resnets.${i}`;
    const options = { outChannels: channels, norm: groupNorms(groups), eps: VAE_NORM_EPS };
    hidden = b.tap(block, resnetBlock2d(b, block, hidden, null, options), reduction);
  }
  return hidden;
}

/** Zeros at the right and the bottom only, unlike the U-Net's, which are on all sides. */
function downsample(b: GraphBuilder, name: string, x: Value, channels: number): Value {
  const weight = b.param(`${name}.weight`, [channels, x.shape[1], 3, 3]);
  const bias = b.param(`${name}.bias`, [channels]);
  return b.conv(x, weight, bias, { strides: [2, 2], pads: [0, 0, 1, 1] });
}

function upsample(b: GraphBuilder, name: string, x: Value, channels: number): Value {
  const [, , h, w] = x.shape;
  const size = { height: h * 2, width: w * 2 };
  return conv2d(b, name, b.apply('resize', [x], { mode: 'nearest', ...size }), channels);
}
