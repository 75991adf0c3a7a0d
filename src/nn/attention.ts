import type { GraphBuilder, Value } from '../graph/index.js';
import { linear } from './linear.js';

/** What an attention layer reads: keys and values `[N, contextTokens, C]`, or `[1, ...]` for the whole batch. */
export interface KeysAndValues {
  readonly key: Value;
  readonly value: Value;
}

/** Keys and values of an attention layer from its context `[N, contextTokens, D]`, by `to_k` and `to_v`. */
export function projectContext(
  b: GraphBuilder,
  name: string,
  context: Value,
  channels: number,
): KeysAndValues {
  const project = (part: string): Value =>
    linear(b, `${name}.${part}`, context, channels, { bias: false });
  return { key: project('to_k'), value: project('to_v') };
}

/**
 * Multi-head attention as the U-Net's transformer has it (diffusers' `Attention`): queries from
 * `hiddenStates` `[N, tokens, C]`. `to_q` has no bias, `to_out.0` has one; the scale is one over the root
 * of a head's size.
 */
export function attention(
  b: GraphBuilder,
  name: string,
  hiddenStates: Value,
  { key, value }: KeysAndValues,
  heads: number,
): Value {
  const [n, tokens, channels] = hiddenStates.shape;
  const size = channels / heads;
  const split = (x: Value, perm: readonly number[]): Value =>
    b.transpose(b.reshape(x, [x.shape[0], x.shape[1], heads, size]), perm);
  const query = linear(b, `${name}.to_q`, hiddenStates, channels, { bias: false });
  const scaled = split(b.scale(query, 1 / Math.sqrt(size)), [0, 2, 1, 3]);
  const scores = b.matmul(scaled, split(key, [0, 2, 3, 1]));
  const probabilities = b.apply('softmax', [scores], { axis: 3 });
  const mixed = b.transpose(b.matmul(probabilities, split(value, [0, 2, 1, 3])), [0, 2, 1, 3]);
  return linear(b, `${name}.to_out.0`, b.reshape(mixed, [n, tokens, channels]), channels);
}
