import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Of the signature and the header, after which texts may stand. */
const HEAD_BYTES = 33;

/** Puts the chunks of texts into a PNG file, before its pixels: few readers look for them behind. */
export async function addPngTexts(path: string, texts: Uint8Array): Promise<void> {
  const whole = `${path}.whole`;
  const file = await open(path, 'r');
  const head = Buffer.alloc(HEAD_BYTES);
  await file.read(head, 0, HEAD_BYTES, 0).finally(() => file.close());
  const output = createWriteStream(whole);
  output.write(head);
  output.write(texts);
  await pipeline(createReadStream(path, { start: HEAD_BYTES }), output);
  await rename(whole, path);
}
