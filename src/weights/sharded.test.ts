import { expect, test } from 'vitest';
import { float32, type Tensor } from '../tensor/index.js';
import { bytesSource, type ByteSource } from './byte-source.js';
import { encodeSafetensors } from './safetensors.js';
import { openSharded } from './sharded.js';

function shard(name: string, weights: Record<string, Tensor>): [string, ByteSource] {
  const chunks = Array.from(encodeSafetensors(new Map(Object.entries(weights))));
  const bytes = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
  return [name, bytesSource(bytes, name)];
}

function indexOf(weightMap: unknown): ByteSource {
  const json = JSON.stringify({ metadata: { total_size: 12 }, weight_map: weightMap });
  return bytesSource(new TextEncoder().encode(json), 'model.safetensors.index.json');
}

const shards = new Map([
  shard('1.safetensors', { a: float32([1], [1]), c: float32([1], [3]) }),
  shard('2.safetensors', { b: float32([1], [2]) }),
]);

const openShard = (name: string): Promise<ByteSource | undefined> =>
  Promise.resolve(shards.get(name));

test('reads tensors from the shards that hold them, in the order of the index', async () => {
  const index = indexOf({ c: '1.safetensors', b: '2.safetensors', a: '1.safetensors' });
  const checkpoint = await openSharded(index, openShard);
  const weights = await checkpoint.readAll();
  expect(Array.from(weights, ([name, { data }]) => [name, data[0]])).toEqual([
    ['c', 3],
    ['b', 2],
    ['a', 1],
  ]);
  expect(checkpoint.entries.get('b')?.file).toBe('2.safetensors');
  expect(checkpoint.metadata).toEqual({ format: 'pt' });
});

test('opening reads headers only', async () => {
  const reads: string[] = [];
  const watched = (name: string): Promise<ByteSource | undefined> => {
    const source = shards.get(name) ?? expect.fail(name);
    const read = (offset: number, length: number): Promise<Uint8Array> => {
      reads.push(`${name} ${length}`);
      return source.read(offset, length);
    };
    return Promise.resolve({ name: source.name, size: source.size, read });
  };
  const index = indexOf({ a: '1.safetensors', c: '1.safetensors', b: '2.safetensors' });
  const checkpoint = await openSharded(index, watched);
  expect(reads.length).toBe(4);
  reads.length = 0;
  await checkpoint.read('b');
  expect(reads).toEqual(['2.safetensors 4']);
});

test('lists every missing shard at once', async () => {
  const index = indexOf({ a: '1.safetensors', x: '8.safetensors', y: '9.safetensors' });
  await expect(openSharded(index, openShard)).rejects.toThrow(
    'model.safetensors.index.json: 2 of 3 shards are missing: 8.safetensors, 9.safetensors',
  );
});

test('lists every disagreement between index and shards', async () => {
  const index = indexOf({ a: '2.safetensors', b: '2.safetensors', c: '1.safetensors' });
  await expect(openSharded(index, openShard)).rejects.toThrow(
    '"a" is not in 2.safetensors; "a" of 1.safetensors is not in the index',
  );
});

test.each([
  '../1.safetensors',
  '/etc/1.safetensors',
  'sub/1.safetensors',
  '..\\1.safetensors',
  'C:1.safetensors',
  '1.safetensors\0',
  '1.safetensors\n',
  '..',
  '.safetensors',
  '1.bin',
  '',
])('refuses the shard name %j', async (fileName) => {
  await expect(openSharded(indexOf({ a: fileName }), openShard)).rejects.toThrow(
    'model.safetensors.index.json: tensor "a": expected a plain file name ending in .safetensors',
  );
});

test.each([
  [indexOf(undefined), 'expected an index with an object "weight_map"'],
  [indexOf([]), 'expected an index with an object "weight_map"'],
  [indexOf({ a: 1 }), 'tensor "a": expected the name of a file'],
  [
    bytesSource(new TextEncoder().encode('{"weight_map":{"a":"1","a":"2"}}'), 'i'),
    'i: duplicate key "a"',
  ],
  [{ ...indexOf({}), size: 1e9 }, 'expected an index of at most 100000000 bytes, got 1000000000'],
])('refuses a broken index: %#', async (index, message) => {
  await expect(openSharded(index, openShard)).rejects.toThrow(message);
});
