import type { GraphBuilder, Value } from '../graph/index.js';
import {
  conv2d,
  resnetBlock2d,
  transformer2d,
  type Transformer2dOptions,
} from '../nn/index.js';

/** What every block of a U-Net reads besides what flows through it. */
export interface UnetConditioning
  extends Pick<Transformer2dOptions, 'groups' | 'crossAttentionContext'> {
  /** The time embedding `[N, 4 * blockOutChannels[0]]`. */
  readonly temb: Value;
  readonly eps: number;
}

/** One level of a U-Net, on the way down or up. */
export interface UnetLevel {
  readonly channels: number;
  /** Heads of the transformer after each resnet; null: there are none. */
  readonly heads: number | null;
  /** Latent cells a side for one cell of the level's maps. */
  readonly reduction: number;
}

/**
 * diffusers' `CrossAttnDownBlock2D` or `DownBlock2D`: resnets, each followed by a transformer where the
 * level attends, then half the resolution (rounded up) where `downsamples`. Returns what goes on and one skip for each
 * resnet and for the downsampler.
 */
export function unetDownBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  level: UnetLevel & { readonly layers: number; readonly downsamples: boolean },
  conditioning: UnetConditioning,
): { hidden: Value; skips: readonly Value[] } {
  const { channels, layers, reduction } = level;
  const skips: Value[] = [];
  let hidden = x;
  for (let i = 0; i < layers; i++) {
    hidden = unetLayer(b, name, i, hidden, level, conditioning);
    skips.push(b.tap(`${name}.res.${i}`, hidden, reduction));
  }
  if (level.downsamples) {
    const downsampler = `${name}.downsamplers.0`;
    hidden = conv2d(b, `${downsampler}.conv`, hidden, channels, { stride: 2, padding: 1 });
    b.tap(downsampler, hidden, reduction * 2);
    skips.push(b.tap(`${name}.res.${layers}`, hidden, reduction * 2));
  }
  b.tap(`${name}.hidden`, hidden, level.downsamples ? reduction * 2 : reduction);
  return { hidden, skips };
}

/** diffusers' `UNetMidBlock2DCrossAttn`: resnet, transformer, resnet. */
export function unetMidBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  level: UnetLevel,
  conditioning: UnetConditioning,
): Value {
  const hidden = unetLayer(b, name, 0, x, level, conditioning);
  const out = unetLayer(b, name, 1, hidden, { ...level, heads: null }, conditioning);
  return b.tap(name, out, level.reduction);
}

/**
 * diffusers' `CrossAttnUpBlock2D` or `UpBlock2D`: resnets, each on what flows and the last of `skips`
 * (in this order on the channels), followed by a transformer where the level attends; then the nearest
 * enlargement and a convolution where `upsampleTo` is given. It is the size of the next skip, which is not
 * always twice the size.
 */
export function unetUpBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  level: UnetLevel & { readonly skips: readonly Value[]; readonly upsampleTo: MapSides | null },
  conditioning: UnetConditioning,
): Value {
  const { channels, reduction, skips, upsampleTo } = level;
  let hidden = x;
  [...skips].reverse().forEach((skip, i) => {
    hidden = unetLayer(b, name, i, b.concat([hidden, skip], 1), level, conditioning);
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
  { channels: outChannels, heads, reduction }: UnetLevel,
  { temb, eps, groups, crossAttentionContext }: UnetConditioning,
): Value {
  const resnet = `${name}.resnets.${index}`;
  const hidden = resnetBlock2d(b, resnet, x, temb, { outChannels, groups, eps });
  b.tap(resnet, hidden, reduction);
  if (heads === null) return hidden;
  const options = { heads, groups, reduction, crossAttentionContext };
  return transformer2d(b, `${name}.attentions.${index}`, hidden, options);
}
