import type { Graph, NamedValue } from '../../graph/index.js';
import {
  allocate,
  castTensor,
  elementCount,
  float32,
  Random,
  tensor,
  type Shape,
  type Tensor,
} from '../../tensor/index.js';

/** So many different numbers, over and over; prime, so that no two rows of a matrix are alike. */
const POOL = 65_521;

/**
 * Weights for measuring a graph's time, which does not depend on what they are: kernels uniform within one over
 * the root of the fan-in, which keeps numbers in range through any depth, norms 1 and 0. Quick to make.
 */
export function measurementWeights({ params }: Graph): Map<string, Tensor> {
  const shapes = new Map(params.map(({ name, shape }) => [name, shape]));
  const random = Random.seeded(1);
  const pool = Float32Array.from({ length: POOL }, () => random.uniform(-1, 1));
  return new Map(params.map((param) => [param.name, weightOf(param, shapes, pool)]));
}

function weightOf(
  { name, shape, dtype }: NamedValue,
  shapes: ReadonlyMap<string, Shape>,
  pool: Float32Array,
): Tensor {
  const kernel = shapes.get(name.replace(/\.bias$/, '.weight')) ?? shape;
  const isNorm = kernel.length === 1;
  const bound = 1 / Math.sqrt(elementCount(kernel.slice(1)));
  const unit = pool
    .subarray(0, Math.min(POOL, elementCount(shape)))
    .map((x) => (isNorm ? Number(name.endsWith('.weight')) : x * bound));
  return repeated(castTensor(float32([unit.length], unit), dtype), shape);
}

function repeated(unit: Tensor, shape: Shape): Tensor {
  const length = elementCount(shape);
  const data = allocate(unit.dtype, length);
  const source = unit.data;
  if (data instanceof BigInt64Array || source instanceof BigInt64Array) {
    throw new Error(`expected floating-point weights, got ${unit.dtype}`);
  }
  for (let at = 0; at < length; at += POOL) {
    data.set(source.subarray(0, Math.min(POOL, length - at)), at);
  }
  return tensor(unit.dtype, shape, data);
}

/** Inputs for measuring it: standard normal maps, timesteps in the middle, and the same token throughout. */
export function measurementFeeds({ inputs }: Graph): Record<string, Tensor> {
  const random = Random.seeded(2);
  return Object.fromEntries(inputs.map((input) => [input.name, feedOf(input, random)]));
}

function feedOf({ name, shape, dtype }: NamedValue, random: Random): Tensor {
  const length = elementCount(shape);
  if (dtype === 'int64') return tensor('int64', shape, new BigInt64Array(length).fill(1n));
  const values = name === 'timestep' ? new Float32Array(length).fill(500) : random.normals(length);
  return castTensor(float32(shape, values), dtype);
}
