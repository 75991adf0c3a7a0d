import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allocate,
  bytesPerElement,
  elementCount,
  float32,
  tensor,
  viewBytes,
  zeros,
  type DType,
  type Tensor,
  type Weights,
} from '../tensor/index.js';
import { bytesSource, type ByteSource } from './byte-source.js';
import { encodeSafetensors, openSafetensors } from './safetensors.js';

const DTYPES = [
  'float64',
  'float32',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'uint8',
  'bool',
] as const satisfies readonly DType[];

function join(chunks: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Array.from(chunks).flatMap((chunk) => [...chunk]));
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Records what is read of it. */
function countingSource(bytes: Uint8Array): ByteSource & { ranges: [number, number][] } {
  const source = bytesSource(bytes, 'counted');
  const ranges: [number, number][] = [];
  const read = (offset: number, length: number): Promise<Uint8Array> => {
    ranges.push([offset, length]);
    return source.read(offset, length);
  };
  return { name: source.name, size: source.size, read, ranges };
}

const anyTensor: fc.Arbitrary<Tensor> = fc
  .tuple(fc.constantFrom(...DTYPES), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }))
  .chain(([dtype, shape]) => {
    const byteLength = elementCount(shape) * bytesPerElement(dtype);
    return fc
      .uint8Array({ minLength: byteLength, maxLength: byteLength })
      .map((bytes) => tensor(dtype, shape, viewBytes(dtype, bytes)));
  });

const anyName = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '7', '10', 'constructor', ''))
  .filter((name) => name !== '__metadata__');

const anyWeights: fc.Arbitrary<Weights> = fc
  .array(fc.tuple(anyName, anyTensor), { maxLength: 6 })
  .map((pairs) => new Map(pairs));

const anyMetadata = fc.dictionary(anyName, fc.string());

test('every dtype, shape and name comes back bit for bit, in order', async () => {
  await fc.assert(
    fc.asyncProperty(anyWeights, anyMetadata, async (weights, metadata) => {
      const bytes = join(encodeSafetensors(weights, metadata));
      const file = await openSafetensors(bytesSource(bytes, 'memory'));
      const loaded = await file.readAll();
      expect([...loaded.keys()]).toEqual([...weights.keys()]);
      for (const [name, weight] of weights) {
        const got = loaded.get(name) ?? expect.fail(`no ${name}`);
        expect(got.dtype).toBe(weight.dtype);
        expect(got.shape).toEqual(weight.shape);
        expect(bytesOf(got)).toEqual(bytesOf(weight));
      }
      expect(Object.entries(file.metadata)).toEqual(Object.entries({ format: 'pt', ...metadata }));
      expect(join(encodeSafetensors(loaded, file.metadata))).toEqual(bytes);
    }),
  );
});

test('writes exactly these bytes', () => {
  const weights = new Map<string, Tensor>([
    ['b', float32([2], [1, -2])],
    ['2', tensor('bool', [], Uint8Array.of(1))],
  ]);
  const json =
    '{"__metadata__":{"format":"pt"},' +
    '"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
    '"2":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}';
  const bytes = join(encodeSafetensors(weights));
  const padded = Math.ceil(json.length / 8) * 8;
  expect([...bytes.subarray(0, 8)]).toEqual([padded, 0, 0, 0, 0, 0, 0, 0]);
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded))).toBe(json.padEnd(padded));
  expect([...bytes.subarray(8 + padded)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 1]);
});

test('one read takes the bytes of one tensor, beyond the header', async () => {
  const weights = new Map<string, Tensor>([
    ['large', zeros('float32', [1000, 1000])],
    ['small', float32([3], [1, 2, 3])],
    ['flags', zeros('bool', [5])],
  ]);
  const chunks = [...encodeSafetensors(weights)];
  const bytes = new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const source = countingSource(bytes);
  const file = await openSafetensors(source);
  const headerBytes = chunks[0].length;
  expect(source.ranges).toEqual([
    [0, 8],
    [8, headerBytes - 8],
  ]);
  source.ranges.length = 0;
  const small = await file.read('small');
  expect(small.data).toEqual(Float32Array.of(1, 2, 3));
  expect(small.data.buffer.byteLength).toBe(12);
  expect(source.ranges).toEqual([[headerBytes + 4_000_000, 12]]);
  expect(file.entries.get('flags')).toEqual({
    name: 'flags',
    dtype: 'bool',
    shape: [5],
    file: 'counted',
    offset: headerBytes + 4_000_012,
    byteLength: 5,
  });
});

test('encodes in chunks that share memory with the tensors', () => {
  const weights = new Map<string, Tensor>([['w', zeros('uint8', [20 * 1024 * 1024])]]);
  const [header, ...chunks] = encodeSafetensors(weights);
  expect(header.length % 8).toBe(0);
  expect(chunks.map((chunk) => chunk.length / 1024 ** 2)).toEqual([8, 8, 4]);
  expect(chunks[1].buffer).toBe(weights.get('w')?.data.buffer);
});

test('names the tensor that is asked for and absent, or that cannot be read', async () => {
  const bytes = join(encodeSafetensors(new Map([['w', float32([2], [1, 2])]])));
  const whole = bytesSource(bytes, 'a.safetensors');
  const file = await openSafetensors(whole);
  await expect(file.read('v')).rejects.toThrow('no tensor "v" among 1');
  const shrunk = bytesSource(bytes.subarray(0, -4), 'a.safetensors');
  const shrinking = await openSafetensors({
    ...whole,
    read: (offset, length) => (length === 8 && offset > 0 ? shrunk : whole).read(offset, length),
  });
  await expect(shrinking.readAll()).rejects.toThrow(
    `tensor "w": a.safetensors: expected ${bytes.length} bytes, got ${bytes.length - 4}`,
  );
});

test.each<[string, Weights, Record<string, string>, string]>([
  [
    'a reserved name',
    new Map([['__metadata__', zeros('float32', [1])]]),
    {},
    '__metadata__ cannot name a tensor',
  ],
  [
    'a shape that is not that of the data',
    new Map([['w', { dtype: 'float32', shape: [3], data: allocate('float32', 2) }]]),
    {},
    'tensor "w": expected 12 bytes for float32 [3], got 8',
  ],
  [
    'metadata that is not text',
    new Map(),
    JSON.parse('{"steps":3}') as Record<string, string>,
    '__metadata__ "steps": expected a string, got number',
  ],
])('refuses to write %s before the first chunk', (_, weights, metadata, message) => {
  expect(() => encodeSafetensors(weights, metadata)).toThrow(message);
});
