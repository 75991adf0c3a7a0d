import { castTensor, toFloat64, type Tensor, type Weights } from '../tensor/index.js';
import { abbreviate, printableName, WeightsError } from './errors.js';
import { countNonFinite } from './matching.js';

/** A floating-point element type that weights are stored in. */
export type WeightDType = 'float32' | 'float16' | 'bfloat16';

const FLOATS: ReadonlySet<string> = new Set(['float64', 'float32', 'float16', 'bfloat16']);

/**
 * The floating-point weights as `dtype`, rounded to nearest; integers and booleans stay as they are.
 * @throws WeightsError naming the tensors with finite values beyond the range of `dtype` (65,504 for float16).
 */
export function castWeights(weights: Weights, dtype: WeightDType): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  const problems: string[] = [];
  for (const [name, weight] of weights) {
    const cast = FLOATS.has(weight.dtype) ? castTensor(weight, dtype) : weight;
    const { infinite } = countNonFinite(cast);
    const overflows = infinite === 0 ? 0 : infinite - countNonFinite(weight).infinite;
    if (overflows > 0) {
      const largest = largestMagnitude(weight);
      problems.push(`${printableName(name)} (${overflows} elements, the largest ${largest})`);
    }
    result.set(name, cast);
  }
  if (problems.length === 0) return result;
  throw new WeightsError(`values beyond the range of ${dtype}: ${abbreviate(problems).join(', ')}`);
}

function largestMagnitude(weight: Tensor): number {
  return toFloat64(weight).reduce((largest, value) => {
    return Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
  }, 0);
}
