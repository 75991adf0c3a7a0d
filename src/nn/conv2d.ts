import type { GraphBuilder, Pads2D, Value } from '../graph/index.js';

export interface Conv2dOptions {
  readonly kernelSize?: number;
  readonly stride?: number;
  /** Zeros on every side; by default what keeps the size at stride 1. */
  readonly padding?: number;
  readonly bias?: boolean;
}

/** torch's `Conv2d` on `[N, C, H, W]`: params `NAME.weight` `[out, in, k, k]` and `NAME.bias` `[out]`. */
export function conv2d(
  b: GraphBuilder,
  name: string,
  x: Value,
  outChannels: number,
  options: Conv2dOptions = {},
): Value {
  const { kernelSize = 3, stride = 1, bias = true } = options;
  const padding = options.padding ?? (kernelSize - 1) / 2;
  const weight = b.param(`${name}.weight`, [outChannels, x.shape[1], kernelSize, kernelSize]);
  const offset = bias ? b.param(`${name}.bias`, [outChannels]) : null;
  const pads: Pads2D = [padding, padding, padding, padding];
  return b.conv(x, weight, offset, { strides: [stride, stride], pads });
}
