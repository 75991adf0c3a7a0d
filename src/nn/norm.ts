import type { GraphBuilder, Value } from '../graph/index.js';

/** torch's `GroupNorm` on `[N, C, ...]`: params `NAME.weight` and `NAME.bias`, `[C]`. */
export function groupNorm(
  b: GraphBuilder,
  name: string,
  x: Value,
  groups: number,
  eps: number,
): Value {
  const channels = x.shape[1];
  const weight = b.param(`${name}.weight`, [channels]);
  return b.apply('groupNorm', [x, weight, b.param(`${name}.bias`, [channels])], { groups, eps });
}

/** What stands where a network normalises a map `[N, C, H, W]`: its norm of that name. */
export type MapNorm = (b: GraphBuilder, name: string, x: Value, eps: number) => Value;

/** Group norms of so many groups. */
export function groupNorms(groups: number): MapNorm {
  return (b, name, x, eps) => groupNorm(b, name, x, groups, eps);
}

/** torch's `LayerNorm` over the last axis: params `NAME.weight` and `NAME.bias`. */
export function layerNorm(b: GraphBuilder, name: string, x: Value, eps = 1e-5): Value {
  const channels = x.shape[x.shape.length - 1];
  const weight = b.param(`${name}.weight`, [channels]);
  return b.apply('layerNorm', [x, weight, b.param(`${name}.bias`, [channels])], { eps });
}
