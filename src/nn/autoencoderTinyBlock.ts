import type { GraphBuilder, Value } from '../graph/index.js';
import { activation, type ActivationName } from './activation.js';
import { conv2d } from './conv2d.js';

/**
 * The residual block of TAESD (diffusers `AutoencoderTinyBlock`): three 3x3 convolutions without
 * normalisation, so that what it does to a pixel does not depend on the rest of the picture and tiles
 * fit together. `[N, C, H, W]` to `[N, outChannels, H, W]`; params `NAME.conv.{0,2,4}` and, where the
 * channels change, `NAME.skip`.
 */
export function autoencoderTinyBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  outChannels: number,
  actFn: ActivationName,
): Value {
  let hidden = x;
  for (const layer of [0, 2, 4]) {
    hidden = conv2d(b, `${name}.conv.${layer}`, hidden, outChannels);
    if (layer < 4) hidden = activation(b, actFn, hidden);
  }
  const skip =
    x.shape[1] === outChannels
      ? x
      : conv2d(b, `${name}.skip`, x, outChannels, { kernelSize: 1, bias: false });
  return activation(b, actFn, b.add(hidden, skip));
}
