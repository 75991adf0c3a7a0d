import type { GraphBuilder, Value } from '../graph/index.js';
import { attention } from './attention.js';
import { conv2d } from './conv2d.js';
import { linear } from './linear.js';
import { groupNorm, layerNorm } from './norm.js';

export interface Transformer2dOptions {
  /** The number of heads: what SD 1.x configs call `attention_head_dim`. */
  readonly heads: number;
  readonly groups: number;
}

/**
 * diffusers' `Transformer2DModel` with one `BasicTransformerBlock`: GroupNorm (eps 1e-6), 1x1 `proj_in`,
 * self-attention, cross-attention to `encoderHiddenStates` `[N, tokens, D]`, GEGLU feed-forward, 1x1
 * `proj_out`, plus the input `[N, C, H, W]`.
 */
export function transformer2d(
  b: GraphBuilder,
  name: string,
  x: Value,
  encoderHiddenStates: Value,
  { heads, groups }: Transformer2dOptions,
): Value {
  const [n, channels, h, w] = x.shape;
  const normed = groupNorm(b, `${name}.norm`, x, groups, 1e-6);
  const projected = conv2d(b, `${name}.proj_in`, normed, channels, { kernelSize: 1 });
  let hidden = b.transpose(b.reshape(projected, [n, channels, h * w]), [0, 2, 1]);
  const block = `${name}.transformer_blocks.0`;
  const self = layerNorm(b, `${block}.norm1`, hidden);
  hidden = b.add(hidden, attention(b, `${block}.attn1`, self, self, heads));
  const cross = layerNorm(b, `${block}.norm2`, hidden);
  hidden = b.add(hidden, attention(b, `${block}.attn2`, cross, encoderHiddenStates, heads));
  hidden = b.add(hidden, geglu(b, `${block}.ff`, layerNorm(b, `${block}.norm3`, hidden)));
  const map = b.reshape(b.transpose(hidden, [0, 2, 1]), [n, channels, h, w]);
  return b.add(x, conv2d(b, `${name}.proj_out`, map, channels, { kernelSize: 1 }));
}

/** Feed-forward with a GEGLU of four times the width: the first half is the value, the second the gate. */
function geglu(b: GraphBuilder, name: string, x: Value): Value {
  const channels = x.shape[2];
  const inner = channels * 4;
  const both = linear(b, `${name}.net.0.proj`, x, inner * 2);
  const value = b.sliceAxis(both, 2, 0, inner);
  const gate = b.apply('gelu', [b.sliceAxis(both, 2, inner, inner * 2)], { approximate: 'none' });
  return linear(b, `${name}.net.2`, b.mul(value, gate), channels);
}
