import type { GraphBuilder, Value } from '../graph/index.js';
import { mixValues } from './attention.js';
import { linear } from './linear.js';
import { groupNorm } from './norm.js';

export interface SpatialAttentionOptions {
  readonly groups: number;
  readonly eps: number;
}

/**
 * Self-attention over the cells of a map `[N, C, H, W]`, plus the map (diffusers' `Attention` as the VAE's
 * mid block has it): GroupNorm, one head of size C, biases on `to_q`, `to_k`, `to_v` and `to_out.0`.
 */
export function spatialAttention(
  b: GraphBuilder,
  name: string,
  x: Value,
  { groups, eps }: SpatialAttentionOptions,
): Value {
  const [n, channels, h, w] = x.shape;
  const cells = h * w;
  const normed = groupNorm(b, `${name}.group_norm`, x, groups, eps);
  const tokens = b.transpose(b.reshape(normed, [n, channels, cells]), [0, 2, 1]);
  const query = b.scale(linear(b, `${name}.to_q`, tokens, channels), 1 / Math.sqrt(channels));
  const keyTransposed = b.transpose(linear(b, `${name}.to_k`, tokens, channels), [0, 2, 1]);
  const value = linear(b, `${name}.to_v`, tokens, channels);
  const mixed = mixValues(b, query, keyTransposed, value);
  const out = linear(b, `${name}.to_out.0`, mixed, channels);
  return b.add(x, b.reshape(b.transpose(out, [0, 2, 1]), [n, channels, h, w]));
}
