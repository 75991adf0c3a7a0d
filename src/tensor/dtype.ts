// Element types. float16 and bfloat16 hold their raw bits in a Uint16Array, because Node 20 has no
// Float16Array; `float16.ts` converts.

export type DType =
  'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8' | 'bool';

export interface TypedArrays {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

const constructors = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Bytes that one element of `dtype` takes. */
export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** A zero-filled array of `length` elements of `dtype`. */
export function allocate<D extends DType>(dtype: D, length: number): TypedArrays[D] {
  return new constructors[dtype](length) as TypedArrays[D];
}

/**
 * Elements of `dtype` over existing bytes, without a copy where the alignment allows it.
 * @throws RangeError when the bytes are not a whole number of elements.
 */
export function viewBytes<D extends DType>(dtype: D, bytes: Uint8Array): TypedArrays[D] {
  const size = bytesPerElement(dtype);
  if (bytes.byteLength % size !== 0) {
    throw new RangeError(
      `expected a multiple of ${size} bytes for ${dtype}, got ${bytes.byteLength}`,
    );
  }
  // Not `bytes.slice()`: a Node Buffer's gives another view of the same, unaligned, memory.
  const aligned = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  const view = new constructors[dtype](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / size,
  );
  return view as TypedArrays[D];
}
