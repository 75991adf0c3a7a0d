import type { ByteSource } from './byte-source.js';
import { bytesSource } from './byte-source.js';
import { WeightsError } from './errors.js';

/** Ranged reads of a blob, such as a `File` that the user picked. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      if (bytes.length === length) return bytes;
      throw new WeightsError(`${name}: expected ${length} bytes at ${offset}, got ${bytes.length}`);
    },
  };
}

/**
 * The body of a response of `fetch`, downloaded as a whole.
 * @throws WeightsError naming the URL and the status when the response is not a success.
 */
export async function responseSource(response: Response): Promise<ByteSource> {
  const name = response.url || 'response';
  if (!response.ok) {
    throw new WeightsError(
      `${name}: expected a successful response, got status ${response.status}`,
    );
  }
  return bytesSource(new Uint8Array(await response.arrayBuffer()), name);
}
