import { WeightsError } from './errors.js';

/** Random access to immutable bytes: a file, a blob, a buffer. */
export interface ByteSource {
  /** What errors call it: a path, a URL. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Exactly `length` bytes, in a buffer of their own; rejects when they cannot all be read. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A source over bytes that are already in memory. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read: (offset, length) => {
      const end = offset + length;
      if (end > bytes.byteLength) {
        return Promise.reject(
          new WeightsError(`${name}: expected ${end} bytes, got ${bytes.byteLength}`),
        );
      }
      return Promise.resolve(bytes.slice(offset, end));
    },
  };
}
