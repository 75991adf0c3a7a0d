import type { GraphBuilder, Value } from '../graph/index.js';
import { attention, projectContext, type KeysAndValues } from './attention.js';
import { conv2d } from './conv2d.js';
import { linear } from './linear.js';
import { layerNorm, type MapNorm } from './norm.js';

export interface Transformer2dOptions {
  /** The number of heads: what SD 1.x configs call `attention_head_dim`. */
  readonly heads: number;
  readonly norm: MapNorm;
  /** Latent cells a side for one cell of the map, for the taps. */
  readonly reduction: number;
  /** What the cross-attention layer of this name and width reads. */
  readonly crossAttentionContext: (name: string, channels: number) => KeysAndValues;
}

/**
 * diffusers' `Transformer2DModel` with one `BasicTransformerBlock`: GroupNorm (eps 1e-6), 1x1 `proj_in`,
 * self-attention, cross-attention, GEGLU feed-forward, 1x1 `proj_out`, plus the input `[N, C, H, W]`.
 */
export function transformer2d(
  b: GraphBuilder,
  name: string,
  x: Value,
  options: Transformer2dOptions,
): Value {
  const [n, channels, h, w] = x.shape;
  const { norm, reduction } = options;
  const normed = norm(b, `${name}.norm`, x, 1e-6);
  b.tap(`${name}.norm`, normed, reduction);
  const projected = conv2d(b, `${name}.proj_in`, normed, channels, { kernelSize: 1 });
  b.tap(`${name}.proj_in`, projected, reduction);
  const tokens = b.transpose(b.reshape(projected, [n, channels, h * w]), [0, 2, 1]);
  const hidden = basicTransformerBlock(b, `${name}.transformer_blocks.0`, tokens, options);
  const map = b.reshape(b.transpose(hidden, [0, 2, 1]), [n, channels, h, w]);
  const residual = conv2d(b, `${name}.proj_out`, map, channels, { kernelSize: 1 });
  return b.tap(name, b.add(x, residual), reduction);
}

function basicTransformerBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  { heads, reduction, crossAttentionContext }: Transformer2dOptions,
): Value {
  const channels = x.shape[2];
  const tapped = (part: string, value: Value): Value => b.tap(`${name}.${part}`, value, reduction);
  const own = layerNorm(b, `${name}.norm1`, x);
  const ownContext = projectContext(b, `${name}.attn1`, own, channels);
  let hidden = b.add(x, tapped('attn1', attention(b, `${name}.attn1`, own, ownContext, heads)));
  const asking = layerNorm(b, `${name}.norm2`, hidden);
  const context = crossAttentionContext(`${name}.attn2`, channels);
  hidden = b.add(hidden, tapped('attn2', attention(b, `${name}.attn2`, asking, context, heads)));
  const normed = layerNorm(b, `${name}.norm3`, hidden);
  hidden = b.add(hidden, tapped('ff', feedForward(b, `${name}.ff`, normed)));
  return b.tap(name, hidden, reduction);
}

/**
 * Feed-forward with a GEGLU of four times the width. The halves of `net.0.proj`, value first and gate second,
 * are two products, because halving the weights costs once what halving the result would cost every time.
 */
function feedForward(b: GraphBuilder, name: string, x: Value): Value {
  const channels = x.shape[2];
  const inner = channels * 4;
  const weight = b.param(`${name}.net.0.proj.weight`, [inner * 2, channels]);
  const bias = b.param(`${name}.net.0.proj.bias`, [inner * 2]);
  const [value, gate] = [0, inner].map((start) => {
    const [rows, offset] = [weight, bias].map((both) => b.sliceAxis(both, 0, start, start + inner));
    return b.add(b.matmul(x, b.transpose(rows, [1, 0])), offset);
  });
  const gated = b.mul(value, b.apply('gelu', [gate], { approximate: 'none' }));
  return linear(b, `${name}.net.2`, gated, channels);
}
