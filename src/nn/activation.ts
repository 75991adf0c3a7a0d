import type { GraphBuilder, Value } from '../graph/index.js';

/** The activations that diffusers configs name in `act_fn`. */
export type ActivationName = 'relu' | 'silu' | 'gelu';

export function activation(b: GraphBuilder, name: ActivationName, x: Value): Value {
  switch (name) {
    case 'relu':
      return b.relu(x);
    case 'silu':
      return b.silu(x);
    case 'gelu':
      return b.apply('gelu', [x], { approximate: 'none' });
  }
}
