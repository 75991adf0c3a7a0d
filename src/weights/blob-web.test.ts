import { expect, test } from 'vitest';
import { float32 } from '../tensor/index.js';
import { blobSource, responseSource } from './blob-web.js';
import { encodeSafetensors, openSafetensors } from './safetensors.js';

const chunks = [...encodeSafetensors(new Map([['w', float32([2], [1, 2])]]))];
const blob = new Blob(chunks.map((chunk) => chunk.slice()));

test('reads tensors out of a blob and out of a response', async () => {
  const fromBlob = await openSafetensors(blobSource(blob, 'picked.safetensors'));
  const fromResponse = await openSafetensors(await responseSource(new Response(blob)));
  for (const file of [fromBlob, fromResponse]) {
    expect((await file.read('w')).data).toEqual(Float32Array.of(1, 2));
  }
});

test('names the blob whose bytes end early, and the response that failed', async () => {
  const source = blobSource(blob, 'picked.safetensors');
  await expect(source.read(blob.size - 2, 4)).rejects.toThrow(
    `picked.safetensors: expected 4 bytes at ${blob.size - 2}, got 2`,
  );
  await expect(responseSource(new Response('', { status: 404 }))).rejects.toThrow(
    'response: expected a successful response, got status 404',
  );
});
