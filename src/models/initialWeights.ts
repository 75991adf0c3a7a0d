import {
  elementCount,
  float32ToFloat16,
  Random,
  tensor,
  type Shape,
  type Tensor,
} from '../tensor/index.js';
import type { TensorSource } from '../weights/index.js';
import { networkParams, type Network } from './network.js';
import type { Precision } from './pipelineToWrite.js';

/**
 * Random weights for a network, each made when it is read: a function of the seed and its own name. As torch
 * initialises modules: matrices, kernels and their biases uniform within one over the root of the fan-in, norms
 * 1 and 0; embeddings normal with a deviation of 0.02, as CLIP's.
 */
export function initialWeights(network: Network, seed: number, precision: Precision): TensorSource {
  const shapes = new Map(networkParams(network).map(({ name, shape }) => [name, shape]));
  const entries = Array.from(shapes, ([name, shape]) => [name, { dtype: precision, shape }] as const);
  return {
    entries: new Map(entries),
    read: async (name) => {
      const values = initialValues(name, shapes, Random.seeded(seed, streamOf(name)));
      const shape = shapes.get(name) ?? [];
      return Promise.resolve(storedAs(precision, shape, values));
    },
  };
}

function storedAs(precision: Precision, shape: Shape, values: Float32Array): Tensor {
  if (precision === 'float32') return tensor('float32', shape, values);
  return tensor('float16', shape, float32ToFloat16(values));
}

function initialValues(
  name: string,
  shapes: ReadonlyMap<string, Shape>,
  random: Random,
): Float32Array {
  const shape = shapes.get(name) ?? [];
  const values = new Float32Array(elementCount(shape));
  if (name.endsWith('_embedding.weight')) {
    for (let i = 0; i < values.length; i++) values[i] = 0.02 * random.normal();
    return values;
  }
  const weight = shapes.get(name.replace(/\.bias$/, '.weight')) ?? shape;
  // Only norms have a vector for a weight.
  if (weight.length === 1) return name.endsWith('.weight') ? values.fill(1) : values;
  const bound = 1 / Math.sqrt(elementCount(weight.slice(1)));
  for (let i = 0; i < values.length; i++) values[i] = random.uniform(-bound, bound);
  return values;
}

/** A number for a name: FNV-1a, 32 bits. */
function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
