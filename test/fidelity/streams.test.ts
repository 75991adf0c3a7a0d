// Photos that come in pieces, and results that go out in pieces.
import { setImmediate, setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { restoreToBytes, restoreToStream } from '../../src/restoration/restoreTo-node.js';
import { identityRestorer } from './identity.js';

const identity = identityRestorer(2);
const photo = await sharp({ create: { width: 9, height: 6, channels: 3, background: '#884422' } })
  .png()
  .toBuffer();

it('an abort is heard while the photo has not come', async () => {
  async function* stalling() {
    yield photo.subarray(0, 20);
    await setTimeout(60_000, undefined, { ref: false });
  }
  const controller = new AbortController();
  const result = restoreToBytes(identity, stalling(), 'png', { signal: controller.signal });
  await setImmediate();
  controller.abort(new Error('too late'));
  await expect(result).rejects.toThrow('too late');
});

it('a result ends with its last byte, so that who has all of it may hang up', async () => {
  await using result = await restoreToStream(identity, photo, 'png', {});
  const stream = result.stream();
  let bytes = 0;
  await new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes === result.size) resolve();
    });
  });
  await setImmediate();
  expect(stream.readableEnded).toBe(true);
});

it.each([0, 101, 92.5, NaN])('a quality of %d is refused before any work', async (quality) => {
  let isBegun = false;
  const onProgress = () => (isBegun = true);
  const result = restoreToBytes(identity, photo, 'jpeg', { quality, onProgress });
  await expect(result).rejects.toThrow(`expected a quality from 1 to 100, got ${quality}`);
  expect(isBegun).toBe(false);
});
