import type { Graph } from '../../src/graph/index.js';
import { elementCount, type Weights } from '../../src/tensor/index.js';
import { matchWeights } from '../../src/weights/index.js';
import type { Check } from './check.js';

/**
 * That networks ask, together, for exactly a case's weights, and as many as it states.
 * @throws WeightsError listing what does not match.
 */
export function checkStateDict(
  networks: readonly Graph[],
  weights: Weights,
  stated: { readonly parameters: number; readonly tensors: number },
): Check[] {
  const params = networks.flatMap((network) => network.params);
  matchWeights(params, weights);
  const parameters = params.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return [
    { name: 'parameters', error: Math.abs(parameters - stated.parameters), tolerance: 0 },
    { name: 'tensors', error: Math.abs(params.length - stated.tensors), tolerance: 0 },
  ];
}
