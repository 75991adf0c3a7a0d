/** Work that is too large for the memory there is; the message says how much it takes. */
export class MemoryError extends Error {
  override readonly name = 'MemoryError';
}

/** Bytes as people write them: `640 MB`, `12.3 GB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
