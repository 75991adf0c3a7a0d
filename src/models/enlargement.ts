import type { GraphBuilder, Value } from '../graph/index.js';
import { zeros } from '../tensor/index.js';

/** Pixels that a bicubic enlargement looks at to each side of one. */
const REACH = 2;

/**
 * The bicubic enlargement (Keys 1981, a = -1/2) of a picture `[N, C, H, W]` before its pixel shuffle:
 * `[N, C * scale^2, H, W]`. One convolution of 25 taps, because a kernel's phases repeat with every pixel;
 * beyond the picture its edge goes on.
 */
export function bicubicPhases(b: GraphBuilder, x: Value, scale: number): Value {
  const channels = x.shape[1];
  const side = 2 * REACH + 1;
  const weight = zeros('float32', [channels * scale ** 2, channels, side, side]);
  const taps = Array.from({ length: scale }, (_, phase) => phaseTaps(phase, scale));
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < scale; i++) {
      for (let j = 0; j < scale; j++) {
        const start = (((c * scale + i) * scale + j) * channels + c) * side * side;
        for (let k = 0; k < side * side; k++) {
          weight.data[start + k] = taps[i][Math.floor(k / side)] * taps[j][k % side];
        }
      }
    }
  }
  const around = [0, 0, REACH, REACH];
  const padded = b.apply('pad', [x], { before: around, after: around, mode: 'edge' });
  return b.conv(padded, b.constant(weight), null);
}

/** Weights of the pixels at -2 to 2 for the `phase`-th of `scale` pixels that one becomes. */
function phaseTaps(phase: number, scale: number): number[] {
  const position = (phase + 0.5) / scale - 0.5;
  return Array.from({ length: 2 * REACH + 1 }, (_, i) => keys(position - (i - REACH)));
}

function keys(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
  return d < 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0;
}
