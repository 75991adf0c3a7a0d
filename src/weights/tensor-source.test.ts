import { expect, test } from 'vitest';
import { float32, tensor, type Tensor } from '../tensor/index.js';
import { bytesSource } from './byte-source.js';
import { renameTensors } from './renamed.js';
import { encodeSafetensors, openSafetensors, streamSafetensors } from './safetensors.js';
import { castSource, checkFiniteSource, joinSources, sourceOf } from './tensor-source.js';

const a = float32([2, 2], [1, 2, 3, 4]);
const ids = tensor('int64', [2], BigInt64Array.of(0n, 1n));

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

test('a stream has the bytes of the whole', async () => {
  const weights = new Map<string, Tensor>([
    ['a', a],
    ['ids', ids],
  ]);
  const whole = Buffer.concat([...encodeSafetensors(weights, { title: 'x' })]);
  expect(await joined(streamSafetensors(sourceOf(weights), { title: 'x' }))).toEqual(whole);
});

test('a source that does not give what its entry says is refused', async () => {
  const entries = new Map([['a', { dtype: 'float16' as const, shape: [2, 2] }]]);
  const stream = streamSafetensors({ entries, read: () => Promise.resolve(a) });
  await expect(joined(stream)).rejects.toThrow('tensor "a": expected float16, got float32');
  const longer = streamSafetensors({
    entries: new Map([['a', { dtype: 'float32' as const, shape: [5] }]]),
    read: () => Promise.resolve(a),
  });
  await expect(joined(longer)).rejects.toThrow('tensor "a": expected 20 bytes');
});

test('casting takes floating-point tensors alone', async () => {
  const weights = new Map<string, Tensor>([
    ['a', a],
    ['ids', ids],
    ['large', float32([1], [1e6])],
  ]);
  const half = castSource(sourceOf(weights), 'float16');
  expect([...half.entries.values()].map(({ dtype }) => dtype)).toEqual([
    ...['float16', 'int64', 'float16'],
  ]);
  expect(await half.read('a')).toMatchObject({ dtype: 'float16', shape: [2, 2] });
  expect(await half.read('ids')).toEqual(ids);
  await expect(half.read('large')).rejects.toThrow(
    'values beyond the range of float16: large (1 elements, the largest 1000000)',
  );
});

test('joined sources keep their names apart', async () => {
  const one = sourceOf(new Map([['a', a]]));
  const both = joinSources([one, sourceOf(new Map([['b', ids]]))]);
  expect([...both.entries.keys()]).toEqual(['a', 'b']);
  expect(await both.read('b')).toBe(ids);
  await expect(both.read('c')).rejects.toThrow('no tensor "c" among 2');
  expect(() => joinSources([one, one])).toThrow('expected each tensor once, got twice "a"');
});

test('numbers that are not finite are named', async () => {
  const weights = new Map([
    ['good', a],
    ['bad', float32([3], [1, NaN, Infinity])],
  ]);
  await expect(checkFiniteSource(sourceOf(weights))).rejects.toThrow(
    'bad: 1 NaN and 1 infinite of 3 elements',
  );
});

test('renamed tensors stay where they are', async () => {
  const bytes = Buffer.concat([...encodeSafetensors(new Map([['old', a]]))]);
  const file = await openSafetensors(bytesSource(bytes, 'memory'));
  const renamed = renameTensors(file, new Map([['new', { name: 'old', shape: [4, 1] }]]));
  const { offset, byteLength } = file.entries.get('old') ?? expect.fail();
  expect(renamed.entries.get('new')).toMatchObject({
    name: 'new',
    shape: [4, 1],
    offset,
    byteLength,
  });
  expect(await renamed.read('new')).toEqual(float32([4, 1], [1, 2, 3, 4]));
  expect([...(await renamed.readAll()).keys()]).toEqual(['new']);
  await expect(renamed.read('old')).rejects.toThrow('no tensor "old" among 1');
  expect(() => renameTensors(file, new Map([['x', { name: 'y' }]]))).toThrow('"x": no tensor "y"');
  expect(() => renameTensors(file, new Map([['x', { name: 'old', shape: [3] }]]))).toThrow(
    '"x": expected 3 elements for [3], got those of [2, 2]',
  );
});
