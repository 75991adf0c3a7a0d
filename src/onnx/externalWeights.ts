import type { Graph } from '../graph/index.js';
import {
  bytesPerElement,
  elementCount,
  type DType,
  type Shape,
  type Weights,
} from '../tensor/index.js';
import type { ExternalData, Initializer } from './proto.js';

/** Memory is mapped in pages: a weight that starts on one needs no copy. */
const pageBytes = 4096;

/** Below this a weight costs less in the model than beside it. */
const smallestFile = 65_536;

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

/** Bytes that initializers refer to by a file name, though there is no such file. */
export interface WeightFile {
  readonly path: string;
  readonly data: Uint8Array;
}

/**
 * The weights of a graph as initializers: small ones as they are, large ones as files in memory, which a
 * runtime takes beside the model. So nothing is encoded, and a model may have more than 2 GB of them.
 */
export function weightFiles(
  graph: Graph,
  weights: Weights,
): { initializers: Map<string, Initializer>; files: WeightFile[] } {
  const initializers = new Map<string, Initializer>();
  const files: WeightFile[] = [];
  graph.params.forEach(({ name }, i) => {
    const weight = weights.get(name);
    if (!weight) return;
    const { dtype, shape, data } = weight;
    if (data.byteLength < smallestFile) {
      initializers.set(name, weight);
      return;
    }
    const location = `weight${i}`;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    files.push({ path: location, data: bytes });
    initializers.set(name, { dtype, shape, location, offset: 0, length: data.byteLength });
  });
  return { initializers, files };
}
