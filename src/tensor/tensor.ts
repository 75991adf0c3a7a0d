import { allocate, type DType, type TypedArrays } from './dtype.js';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from './float16.js';
import { elementCount, formatShape, type Shape } from './shape.js';

/** A dense, contiguous, row-major array. Plain data: it can be posted to a worker. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: TypedArrays[D];
}

/** Named tensors; for a model the keys are those of its diffusers state dict. */
export type Weights = ReadonlyMap<string, Tensor>;

/**
 * Wraps existing elements.
 * @throws RangeError when the shape does not hold as many elements as the data.
 */
export function tensor<D extends DType>(dtype: D, shape: Shape, data: TypedArrays[D]): Tensor<D> {
  if (elementCount(shape) !== data.length) {
    throw new RangeError(
      `expected ${elementCount(shape)} elements for shape ${formatShape(shape)}, got ${data.length}`,
    );
  }
  return { dtype, shape, data };
}

/** A float32 tensor from numbers. */
export function float32(shape: Shape, values: ArrayLike<number>): Tensor<'float32'> {
  return tensor('float32', shape, Float32Array.from(values));
}

/** A tensor of a dtype and shape whose elements are all zero (false of `bool`). */
export function zeros<D extends DType>(dtype: D, shape: Shape): Tensor<D> {
  return tensor(dtype, shape, allocate(dtype, elementCount(shape)));
}

/** The elements as float64 numbers, whatever the dtype; int64 beyond 2^53 loses precision. */
export function toFloat64(source: Tensor): Float64Array {
  if (source.dtype === 'int64') return Float64Array.from(source.data as BigInt64Array, Number);
  return Float64Array.from(toNumbers(source));
}

/** The elements as float32 numbers; no copy where they already are. */
export function toFloat32(source: Tensor): Float32Array {
  if (source.dtype === 'float32') return source.data as Float32Array;
  if (source.dtype === 'int64') return Float32Array.from(source.data as BigInt64Array, Number);
  const numbers = toNumbers(source);
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

function toNumbers(source: Tensor): Exclude<TypedArrays[DType], BigInt64Array> {
  switch (source.dtype) {
    case 'float16':
      return float16ToFloat32(source.data as Uint16Array);
    case 'bfloat16':
      return bfloat16ToFloat32(source.data as Uint16Array);
    default:
      return source.data as Exclude<TypedArrays[DType], BigInt64Array>;
  }
}

/** Converts the elements to another dtype, rounding to the nearest (floats, ties to even) or truncating (integers). */
export function castTensor<D extends DType>(source: Tensor, dtype: D): Tensor<D> {
  if (hasDType(source, dtype)) return source;
  // Exact, and without eight bytes an element in between.
  if (shortFloats.has(source.dtype) && shortFloats.has(dtype)) {
    return fromFloat64(dtype, source.shape, toFloat32(source));
  }
  return fromFloat64(dtype, source.shape, toFloat64(source));
}

const shortFloats: ReadonlySet<DType> = new Set<DType>(['float32', 'float16', 'bfloat16']);

function hasDType<D extends DType>(source: Tensor, dtype: D): source is Tensor<D> {
  return source.dtype === dtype;
}

/** Numbers stored as `dtype`. */
export function fromFloat64<D extends DType>(
  dtype: D,
  shape: Shape,
  values: ArrayLike<number>,
): Tensor<D> {
  const data = allocate(dtype, values.length);
  const asDType: DType = dtype;
  if (asDType === 'float16') {
    float32ToFloat16(asFloat32(values), data as Uint16Array);
  } else if (asDType === 'bfloat16') {
    float32ToBfloat16(asFloat32(values), data as Uint16Array);
  } else if (asDType === 'int64') {
    const integers = data as BigInt64Array;
    for (let i = 0; i < values.length; i++) integers[i] = BigInt(Math.trunc(values[i]));
  } else if (asDType === 'bool') {
    const booleans = data as Uint8Array;
    for (let i = 0; i < values.length; i++) booleans[i] = values[i] !== 0 ? 1 : 0;
  } else {
    (data as Float32Array).set(values);
  }
  return tensor(dtype, shape, data);
}

function asFloat32(values: ArrayLike<number>): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}
