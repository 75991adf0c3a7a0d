import { bytesPerElement, elementCount, type DType, type Shape } from '../tensor/index.js';
import type { ExternalData } from './proto.js';

/** Memory is mapped in pages: a weight that starts on one needs no copy. */
const pageBytes = 4096;

/** A weight's type: what its place in a file depends on. */
export interface WeightType {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Places weights one after the other in a file `location`, each at the start of a page. */
export function placeWeights(
  weights: Iterable<WeightType>,
  location: string,
): Map<string, ExternalData> {
  const placed = new Map<string, ExternalData>();
  let offset = 0;
  for (const { name, dtype, shape } of weights) {
    const length = bytesPerElement(dtype) * elementCount(shape);
    placed.set(name, { dtype, shape, location, offset, length });
    offset = Math.ceil((offset + length) / pageBytes) * pageBytes;
  }
  return placed;
}

/** The bytes of such a file in order, zeros between the weights. */
export async function* placedBytes(
  placed: ReadonlyMap<string, ExternalData>,
  read: (name: string) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let written = 0;
  for (const [name, { offset, length }] of placed) {
    if (offset > written) yield new Uint8Array(offset - written);
    yield await read(name);
    written = offset + length;
  }
}
