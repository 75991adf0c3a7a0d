import type { GraphBuilder, Value } from '../graph/index.js';
import { activation, type ActivationName } from './activation.js';
import { conv2d } from './conv2d.js';

/**
 * The residual block of small restorers and of NanoSD's VAE: 3x3 convolution, activation, 3x3
 * convolution, plus the input (through a 1x1 `conv_shortcut` where channels change). Without normalisation,
 * so that what it does to a pixel does not depend on the rest of the picture and tiles fit together; and
 * without an activation after the sum, which can shut every channel off for good early in training.
 * `[N, C, H, W]` to `[N, outChannels, H, W]`; params `NAME.conv1`, `NAME.conv2`.
 */
export function resnetBlockTiny(
  b: GraphBuilder,
  name: string,
  x: Value,
  outChannels: number,
  actFn: ActivationName,
): Value {
  const hidden = activation(b, actFn, conv2d(b, `${name}.conv1`, x, outChannels));
  const residual = conv2d(b, `${name}.conv2`, hidden, outChannels);
  const shortcut =
    x.shape[1] === outChannels
      ? x
      : conv2d(b, `${name}.conv_shortcut`, x, outChannels, { kernelSize: 1 });
  return b.add(shortcut, residual);
}
