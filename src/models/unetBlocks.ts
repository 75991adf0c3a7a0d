import type { GraphBuilder, Value } from '../graph/index.js';
import {
  conv2d,
  resnetBlock2d,
  transformer2d,
  type Transformer2dOptions,
} from '../nn/index.js';

/** What every block of a U-Net reads besides what flows through it. */
export interface UnetConditioning
  extends Pick<Transformer2dOptions, 'norm' | 'crossAttentionContext'> {
  /** The time embedding `[N, 4 * blockOutChannels[0]]`; null where it is part of the biases. */
  readonly temb: Value | null;
  readonly eps: number;
}

/** A resnet, and whether a transformer follows it. */
export interface UnetLayer {
  readonly attends: boolean;
}

/** One level of a U-Net, on the way down or up. */
export interface UnetLevel {
  readonly channels: number;
  /** Heads of its transformers. */
  readonly heads: number;
  /** Latent cells a side for one cell of the level's maps. */
  readonly reduction: number;
}

/**
 * diffusers' `CrossAttnDownBlock2D` or `DownBlock2D`: resnets, with transformers after those that attend,
 * then half the resolution (rounded up) where `downsamples`. Returns what goes on and what each layer gave.
 */
export function unetDownBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  level: UnetLevel & { readonly layers: readonly UnetLayer[]; readonly downsamples: boolean },
  conditioning: UnetConditioning,
): { hidden: Value; outputs: readonly Value[] } {
  const { channels, layers, reduction } = level;
  const outputs: Value[] = [];
  let hidden = x;
  layers.forEach((layer, i) => {
    hidden = unetLayer(b, name, i, hidden, layer, level, conditioning);
    outputs.push(b.tap(`${name}.res.${i}`, hidden, reduction));
  });
  if (level.downsamples) {
    const downsampler = `${name}.downsamplers.0`;
    hidden = conv2d(b, `${downsampler}.conv`, hidden, channels, { stride: 2, padding: 1 });
    b.tap(downsampler, hidden, reduction * 2);
    b.tap(`${name}.res.${layers.length}`, hidden, reduction * 2);
  }
  b.tap(`${name}.hidden`, hidden, level.downsamples ? reduction * 2 : reduction);
  return { hidden, outputs };
}

/** diffusers' `UNetMidBlock2DCrossAttn`: resnet, transformer, resnet. */
export function unetMidBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  level: UnetLevel,
  conditioning: UnetConditioning,
): Value {
  const hidden = unetLayer(b, name, 0, x, { attends: true }, level, conditioning);
  const out = unetLayer(b, name, 1, hidden, { attends: false }, level, conditioning);
  return b.tap(name, out, level.reduction);
}

/**
 * diffusers' `CrossAttnUpBlock2D` or `UpBlock2D`: resnets, each on what flows and its own one of `skips`
 * (in this order on the channels), with transformers after those that attend; then the nearest enlargement
 * and a convolution where `upsampleTo` is given. It is the size of the next skip, which is not always twice
 * the size.
 */
export function unetUpBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  level: UnetLevel & {
    readonly layers: readonly UnetLayer[];
    readonly skips: readonly Value[];
    readonly upsampleTo: MapSides | null;
  },
  conditioning: UnetConditioning,
): Value {
  const { channels, reduction, layers, skips, upsampleTo } = level;
  let hidden = x;
  layers.forEach((layer, i) => {
    const joined = b.concat([hidden, skips[i]], 1);
    hidden = unetLayer(b, name, i, joined, layer, level, conditioning);
  });
  if (!upsampleTo) return b.tap(name, hidden, reduction);
  const upsampler = `${name}.upsamplers.0`;
  const enlarged = b.apply('resize', [hidden], { mode: 'nearest', ...upsampleTo });
  hidden = conv2d(b, `${upsampler}.conv`, enlarged, channels);
  b.tap(upsampler, hidden, reduction / 2);
  return b.tap(name, hidden, reduction / 2);
}

export interface MapSides {
  readonly height: number;
  readonly width: number;
}

function unetLayer(
  b: GraphBuilder,
  name: string,
  index: number,
  x: Value,
  { attends }: UnetLayer,
  { channels: outChannels, heads, reduction }: UnetLevel,
  { temb, eps, norm, crossAttentionContext }: UnetConditioning,
): Value {
  const resnet = `${name}.resnets.${index}`;
  const hidden = resnetBlock2d(b, resnet, x, temb, { outChannels, norm, eps });
  b.tap(resnet, hidden, reduction);
  if (!attends) return hidden;
  const options = { heads, norm, reduction, crossAttentionContext };
  return transformer2d(b, `${name}.attentions.${index}`, hidden, options);
}
