// Between our tensors and ONNX Runtime's, which both runtimes (Node, web) build alike.
import type { DType, Tensor, TypedArrays } from '../tensor/index.js';

/** The part of ONNX Runtime's `Tensor` class that both its packages share. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  dispose(): void;
}

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
