// Between our tensors and ONNX Runtime's, which both runtimes (Node, web) build alike.
import type { Feeds } from '../graph/index.js';
import type { DType, Tensor, TypedArrays } from '../tensor/index.js';

/** The part of ONNX Runtime's `Tensor` class that both its packages share. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** The constructor of either package's `Tensor`, as we call it. */
export type OrtTensorClass<T extends OrtTensor> = new (
  type: 'float32',
  data: Float32Array,
  dims: readonly number[],
) => T;

/** ONNX Runtime's dtype names that are ours too; it has no bfloat16 tensors. */
const dtypes: ReadonlySet<string> = new Set<DType>([
  'float64',
  'float32',
  'float16',
  'int64',
  'int32',
  'uint8',
  'bool',
]);

/** @throws Error for a dtype that ONNX Runtime has no tensors of. */
export function toOrtTensor<T extends OrtTensor>(
  OrtTensor: OrtTensorClass<T>,
  { dtype, shape, data }: Tensor,
): T {
  if (!dtypes.has(dtype)) throw new Error(`expected a dtype of ONNX Runtime, got ${dtype}`);
  // The native runtime refuses memory that threads share.
  const own = data.buffer instanceof ArrayBuffer ? data : data.slice();
  return new OrtTensor(dtype as 'float32', own as Float32Array, shape);
}

export function toOrtFeeds<T extends OrtTensor>(
  OrtTensor: OrtTensorClass<T>,
  feeds: Feeds,
): Record<string, T> {
  const entries = Object.entries(feeds);
  return Object.fromEntries(entries.map(([name, fed]) => [name, toOrtTensor(OrtTensor, fed)]));
}

export function fromOrtFeeds(results: Readonly<Record<string, OrtTensor>>): Feeds {
  const entries = Object.entries(results);
  return Object.fromEntries(entries.map(([name, result]) => [name, fromOrtTensor(result)]));
}

/** @throws Error for a dtype that we have no tensors of. */
export function fromOrtTensor(source: OrtTensor): Tensor {
  if (!dtypes.has(source.type)) throw new Error(`expected a numeric tensor, got ${source.type}`);
  const dtype = source.type as DType;
  const data = source.data as TypedArrays[DType];
  // Newer JavaScript engines hand out Float16Array; we keep raw bits everywhere.
  const bits =
    dtype === 'float16' && !(data instanceof Uint16Array)
      ? new Uint16Array(data.buffer, data.byteOffset, data.length)
      : data;
  return { dtype, shape: [...source.dims], data: bits };
}
