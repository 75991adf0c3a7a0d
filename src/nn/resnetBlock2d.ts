import type { GraphBuilder, Value } from '../graph/index.js';
import { conv2d } from './conv2d.js';
import { linear } from './linear.js';
import type { MapNorm } from './norm.js';

export interface ResnetBlock2dOptions {
  readonly outChannels: number;
  readonly norm: MapNorm;
  /** 1e-5 in the U-Net, 1e-6 in the VAE. */
  readonly eps: number;
}

/**
 * diffusers' `ResnetBlock2D`: norm, SiLU, conv, plus the time embedding, norm, SiLU, conv, plus the input
 * (through `conv_shortcut` where channels change). `[N, C, H, W]` to `[N, outChannels, H, W]`; `temb`
 * `[N, embedding]`, or null in a VAE.
 */
export function resnetBlock2d(
  b: GraphBuilder,
  name: string,
  x: Value,
  temb: Value | null,
  { outChannels, norm, eps }: ResnetBlock2dOptions,
): Value {
  let hidden = b.silu(norm(b, `${name}.norm1`, x, eps));
  hidden = conv2d(b, `${name}.conv1`, hidden, outChannels);
  if (temb) {
    // The embedding enters before norm2; its own SiLU comes first.
    const projected = linear(b, `${name}.time_emb_proj`, b.silu(temb), outChannels);
    hidden = b.add(hidden, b.reshape(projected, [temb.shape[0], outChannels, 1, 1]));
  }
  hidden = b.silu(norm(b, `${name}.norm2`, hidden, eps));
  hidden = conv2d(b, `${name}.conv2`, hidden, outChannels);
  const shortcut =
    x.shape[1] === outChannels
      ? x
      : conv2d(b, `${name}.conv_shortcut`, x, outChannels, { kernelSize: 1 });
  return b.add(shortcut, hidden);
}
