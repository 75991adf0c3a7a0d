import { linearCombination } from './linearCombination.js';

/**
 * Classifier-free guidance (Ho and Salimans 2022): away from the unconditional output, `scale` times as far as
 * the conditional one. Scale 1 is no guidance.
 */
export function guide(
  unconditional: Float32Array,
  conditional: Float32Array,
  scale: number,
): Float32Array {
  return linearCombination([1 - scale, unconditional], [scale, conditional]);
}
