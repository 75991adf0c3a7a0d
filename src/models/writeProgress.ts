import { bytesPerElement, elementCount } from '../tensor/index.js';
import {
  describeNonFinite,
  nonFiniteError,
  type TensorSource,
  type TensorType,
} from '../weights/index.js';

/** How far the writing of weights is. */
export interface WriteProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface WriteControl {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: WriteProgress) => void;
}

/** The bytes of tensors of these types. */
export function bytesOfTypes(types: Iterable<TensorType>): number {
  let bytes = 0;
  for (const { dtype, shape } of types) bytes += bytesPerElement(dtype) * elementCount(shape);
  return bytes;
}

/**
 * Makes sources report what is read of them, of `totalBytes` in all. Reading rejects with what the signal was aborted
 * with, and with a WeightsError for a weight that is not finite, `label` before its name: what is written is sound.
 */
export function watchedSources(
  totalBytes: number,
  { signal, onProgress }: WriteControl,
): (source: TensorSource, label?: string) => TensorSource {
  let doneBytes = 0;
  return (source, label = '') => ({
    entries: source.entries,
    read: async (name) => {
      signal?.throwIfAborted();
      const weight = await source.read(name);
      const problems = describeNonFinite(label + name, weight);
      if (problems.length > 0) throw nonFiniteError(problems);
      doneBytes += weight.data.byteLength;
      onProgress?.({ doneBytes, totalBytes });
      return weight;
    },
  });
}
