import type { GraphBuilder, Value } from '../graph/index.js';

/** torch's `Linear` on `[..., in]`: params `NAME.weight` `[out, in]` and, unless left out, `NAME.bias` `[out]`. */
export function linear(
  b: GraphBuilder,
  name: string,
  x: Value,
  outFeatures: number,
  options: { readonly bias?: boolean } = {},
): Value {
  const inFeatures = x.shape[x.shape.length - 1];
  const weight = b.param(`${name}.weight`, [outFeatures, inFeatures]);
  const product = b.matmul(x, b.transpose(weight, [1, 0]));
  return options.bias === false ? product : b.add(product, b.param(`${name}.bias`, [outFeatures]));
}
