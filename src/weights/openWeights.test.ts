import { expect, it } from 'vitest';
import { Buffer } from 'node:buffer';
import { float32 } from '../tensor/index.js';
import { bytesSource } from './byte-source.js';
import { openWeights } from './openWeights.js';
import { encodeSafetensors } from './safetensors.js';

it('takes a safetensors file whose header is as long as a pickle begins', async () => {
  const weights = new Map([['x', float32([1], [7])]]);
  for (let filler = 0; filler < 700; filler++) {
    const bytes = Buffer.concat([...encodeSafetensors(weights, { filler: 'x'.repeat(filler) })]);
    if (bytes[0] !== 0x80 || bytes[1] !== 0x02) continue;
    const opened = await openWeights(bytesSource(bytes, 'weights'));
    expect((await opened.read('x')).data).toEqual(Float32Array.of(7));
    return;
  }
  throw new Error('expected a header of 0x0280 bytes');
});
