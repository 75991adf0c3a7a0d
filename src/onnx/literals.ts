import { allocate, tensor, type DType, type Shape, type Tensor } from '../tensor/index.js';

/** Integers, as models write shapes and indices. */
export function int64(values: readonly number[], shape: Shape = [values.length]): Tensor {
  return tensor('int64', shape, BigInt64Array.from(values, BigInt));
}

/** Our graphs have no values without elements; models have them where a part of a Concat is optional. */
export function empty(dtype: DType, shape: Shape): Tensor {
  return { dtype, shape, data: allocate(dtype, 0) };
}
