import type { GraphBuilder, Value } from '../graph/index.js';
import { linear } from './linear.js';

/**
 * Multi-head attention as the U-Net's transformer has it (diffusers `Attention`): queries from
 * `hiddenStates` `[N, tokens, C]`, keys and values from `context` `[N, contextTokens, D]` (the hidden
 * states themselves for self-attention). `to_q`, `to_k`, `to_v` have no bias, `to_out.0` has one; the
 * scale is one over the root of a head's size.
 */
export function attention(
  b: GraphBuilder,
  name: string,
  hiddenStates: Value,
  context: Value,
  heads: number,
): Value {
  const [n, tokens, channels] = hiddenStates.shape;
  const size = channels / heads;
  const split = (x: Value, perm: readonly number[]): Value =>
    b.transpose(b.reshape(x, [n, x.shape[1], heads, size]), perm);
  const project = (part: string, x: Value): Value =>
    linear(b, `${name}.${part}`, x, channels, { bias: false });
  const query = split(project('to_q', hiddenStates), [0, 2, 1, 3]);
  const keyTransposed = split(project('to_k', context), [0, 2, 3, 1]);
  const value = split(project('to_v', context), [0, 2, 1, 3]);
  const scores = b.matmul(b.scale(query, 1 / Math.sqrt(size)), keyTransposed);
  const probabilities = b.apply('softmax', [scores], { axis: 3 });
  const mixed = b.transpose(b.matmul(probabilities, value), [0, 2, 1, 3]);
  return linear(b, `${name}.to_out.0`, b.reshape(mixed, [n, tokens, channels]), channels);
}
