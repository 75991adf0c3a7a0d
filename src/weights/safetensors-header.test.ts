import { expect, test } from 'vitest';
import { bytesSource } from './byte-source.js';
import { WeightsError } from './errors.js';
import { openSafetensors } from './safetensors.js';

/** A file with this header text (or these bytes), this much data, and this said length of the header. */
function fileOf(header: string | Uint8Array, dataBytes = 0, said?: bigint): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, said ?? BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

/** The text of one header entry: F32 [2] at [0, 8) unless told otherwise. */
function entry(name: string, fields: Record<string, unknown> = {}): string {
  const all = { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields };
  return `${JSON.stringify(name)}:${JSON.stringify(all)}`;
}

const hostile: [what: string, file: Uint8Array, message: string][] = [
  ['an empty file', new Uint8Array(0), 'expected a safetensors file of at least 8 bytes, got 0'],
  ['a stump', new Uint8Array(7), 'expected a safetensors file of at least 8 bytes, got 7'],
  [
    'a header longer than the file',
    fileOf('{}', 0, 3n),
    'expected a header that fits the file of 10 bytes, got one of 3 bytes',
  ],
  [
    'a header length of 2^64 - 1',
    fileOf('{}', 0, 2n ** 64n - 1n),
    'got one of 18446744073709551615 bytes (truncated, or not a safetensors file)',
  ],
  ['no header', fileOf(''), 'expected the header to start with "{", got ""'],
  ['a space before the header', fileOf(' {}'), 'expected the header to start with "{", got " {}"'],
  [
    'a byte order mark',
    fileOf('\ufeff{}'),
    'expected the header to start with "{", got "\\u{feff}{}"',
  ],
  ['a list', fileOf('[]'), 'expected the header to start with "{", got "[]"'],
  [
    'bytes that are not UTF-8',
    fileOf(Uint8Array.of(0x7b, 0xff, 0x7d)),
    'expected the header to be UTF-8',
  ],
  ['JSON that stops', fileOf('{"a":'), 'expected a JSON value at character 5, got the end'],
  ['two JSON values', fileOf('{}{}'), 'expected the end of the JSON at character 2, got "{}"'],
  ['a zero byte of padding', fileOf('{}\0'), 'expected the end of the JSON at character 2'],
  ['nesting', fileOf('{"a":'.repeat(50_000)), 'expected at most 16 levels of nesting in the JSON'],
  [
    'NaN as a dimension',
    fileOf('{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', 8),
    'expected a JSON value at character 29, got "NaN],"data_o"',
  ],
  [
    'Infinity as an offset',
    fileOf('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,Infinity]}}', 8),
    'expected a JSON value at character 50, got "Infinity]}}"',
  ],
  [
    'a number that overflows to Infinity',
    fileOf('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,1e999]}}', 8),
    'tensor "a": expected data_offsets to be two integers >= 0',
  ],
  ['a tensor twice', fileOf(`{${entry('a')},${entry('a')}}`, 8), 'duplicate key "a"'],
  ['a field twice', fileOf('{"a":{"dtype":"F32","dtype":"F16"}}', 8), 'duplicate key "dtype"'],
  [
    'metadata twice',
    fileOf('{"__metadata__":{},"__metadata__":{}}'),
    'duplicate key "__metadata__"',
  ],
  [
    'overlapping tensors',
    fileOf(`{${entry('a')},${entry('b', { data_offsets: [4, 12] })}}`, 12),
    'tensor "b": its bytes overlap those of "a"',
  ],
  [
    'tensors that share all bytes',
    fileOf(`{${entry('a')},${entry('b')}}`, 8),
    'tensor "b": its bytes overlap those of "a"',
  ],
  [
    'an empty tensor inside another',
    fileOf(`{${entry('a')},${entry('b', { shape: [0], data_offsets: [4, 4] })}}`, 8),
    'tensor "b": its bytes overlap those of "a"',
  ],
  [
    'a hole between tensors',
    fileOf(`{${entry('a')},${entry('b', { data_offsets: [12, 20] })}}`, 20),
    'tensor "b": a hole of 4 bytes lies before it',
  ],
  [
    'a hole before the first tensor',
    fileOf(`{${entry('a', { data_offsets: [8, 16] })}}`, 16),
    'tensor "a": a hole of 8 bytes lies before it',
  ],
  [
    'truncated data',
    fileOf(`{${entry('a')}}`, 7),
    'tensor "a": its bytes end at 8, but the file holds 7 bytes of data (truncated?)',
  ],
  ['bytes after the end', fileOf(`{${entry('a')}}`, 9), '1 bytes after the end of the last tensor'],
  ['data without tensors', fileOf('{}', 3), '3 bytes after the end of the last tensor'],
  [
    'a negative offset',
    fileOf(`{${entry('a', { data_offsets: [-8, 0] })}}`),
    'tensor "a": expected data_offsets to be two integers >= 0',
  ],
  [
    'a fractional offset',
    fileOf(`{${entry('a', { data_offsets: [0, 8.5] })}}`, 8),
    'tensor "a": expected data_offsets to be two integers >= 0',
  ],
  [
    'an offset beyond 2^53',
    fileOf('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9007199254740993]}}', 8),
    'tensor "a": expected data_offsets to be two integers >= 0',
  ],
  [
    'reversed offsets',
    fileOf(`{${entry('a', { data_offsets: [8, 0] })}}`, 8),
    'tensor "a": expected data_offsets in order, got [8, 0]',
  ],
  [
    'three offsets',
    fileOf(`{${entry('a', { data_offsets: [0, 8, 8] })}}`, 8),
    'tensor "a": expected data_offsets to be two integers >= 0',
  ],
  [
    'a negative dimension',
    fileOf(`{${entry('a', { shape: [-1, -2] })}}`, 8),
    'tensor "a": expected shape to be a list of integers >= 0',
  ],
  [
    'a dimension as text',
    fileOf(`{${entry('a', { shape: ['2'] })}}`, 8),
    'tensor "a": expected shape to be a list of integers >= 0',
  ],
  [
    'a shape that is no list',
    fileOf(`{${entry('a', { shape: 2 })}}`, 8),
    'tensor "a": expected shape to be a list of integers >= 0',
  ],
  [
    'a shape of another size',
    fileOf(`{${entry('a', { shape: [3] })}}`, 8),
    'tensor "a": expected 12 bytes for F32 [3], got data_offsets of 8 bytes',
  ],
  [
    'a dtype of another size',
    fileOf(`{${entry('a', { dtype: 'F16' })}}`, 8),
    'tensor "a": expected 4 bytes for F16 [2], got data_offsets of 8 bytes',
  ],
  [
    'a product that wraps to 0 in 64 bits',
    fileOf(`{${entry('a', { shape: [2 ** 32, 2 ** 32], data_offsets: [0, 0] })}}`),
    'tensor "a": expected more than 2^53 bytes for F32 [4294967296, 4294967296]',
  ],
  [
    'an overflow hidden by a 0',
    fileOf(`{${entry('a', { shape: [2 ** 40, 2 ** 40, 0], data_offsets: [0, 0] })}}`),
    'tensor "a": expected more than 2^53 bytes for F32 [1099511627776, 1099511627776, 0]',
  ],
  [
    'a dtype of the format that is not supported',
    fileOf(`{${entry('a', { dtype: 'F8_E4M3' })}}`, 8),
    'tensor "a": expected dtype F64, F32, F16, BF16, I64, I32, U8, BOOL, got "F8_E4M3"',
  ],
  [
    'a dtype named like a method',
    fileOf(`{${entry('a', { dtype: 'constructor' })}}`, 8),
    'tensor "a": expected dtype F64, F32, F16, BF16, I64, I32, U8, BOOL, got "constructor"',
  ],
  [
    'no dtype',
    fileOf('{"a":{"shape":[2],"data_offsets":[0,8]}}', 8),
    'tensor "a": expected dtype F64, F32, F16, BF16, I64, I32, U8, BOOL, got no dtype',
  ],
  [
    'no offsets',
    fileOf('{"a":{"dtype":"F32","shape":[2]}}', 8),
    'tensor "a": expected data_offsets',
  ],
  [
    'an unknown field',
    fileOf(`{${entry('a', { stride: 1 })}}`, 8),
    'tensor "a": unknown field "stride"',
  ],
  [
    'a field __proto__',
    fileOf('{"a":{"__proto__":{"dtype":"F32"},"shape":[2],"data_offsets":[0,8]}}', 8),
    'tensor "a": unknown field "__proto__"',
  ],
  [
    'a tensor that is no object',
    fileOf('{"__proto__":null}'),
    'tensor "__proto__": expected an object with dtype, shape and data_offsets',
  ],
  [
    'metadata that is no object',
    fileOf('{"__metadata__":[]}'),
    'expected __metadata__ to be an object',
  ],
  [
    'metadata that is not text',
    fileOf('{"__metadata__":{"steps":3}}'),
    '__metadata__ "steps": expected a string',
  ],
  [
    'a name made for a terminal',
    fileOf('{"\\u001b[2J\\n\\u202e":1}'),
    'tensor "\\u{1b}[2J\\u{a}\\u{202e}": expected an object',
  ],
];

test.each(hostile)('refuses %s', async (_, file, message) => {
  const opened = openSafetensors(bytesSource(file, 'hostile.safetensors'));
  const error: unknown = await opened.then(
    () => expect.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WeightsError);
  const got = (error as WeightsError).message;
  expect(got.startsWith('hostile.safetensors: ')).toBe(true);
  expect(got).toContain(message);
  expect(got).not.toContain('\n');
  expect(got.length).toBeLessThan(400);
});

test('refuses a header beyond 100 MB without reading it', async () => {
  const start = fileOf('', 0, 100_000_001n);
  const source = {
    name: 'huge.safetensors',
    size: 200_000_000,
    read: (offset: number, length: number): Promise<Uint8Array> =>
      offset === 0 && length === 8 ? Promise.resolve(start) : expect.fail('it read on'),
  };
  await expect(openSafetensors(source)).rejects.toThrow(
    'huge.safetensors: expected a header of at most 100000000 bytes, got 100000001',
  );
});

test('shortens a long name in the message', async () => {
  const file = fileOf(`{"${'n'.repeat(100_000)}":1}`);
  await expect(openSafetensors(bytesSource(file, 'x'))).rejects.toThrow(/"n{200}…": expected/);
});

test('takes names of the prototype as the plain names that they are', async () => {
  const header = `{"__metadata__":{"__proto__":"p"},${entry('__proto__')},${entry('toString', { data_offsets: [8, 16] })}}`;
  const file = await openSafetensors(bytesSource(fileOf(header, 16), 'x'));
  expect([...file.entries.keys()]).toEqual(['__proto__', 'toString']);
  expect(Object.entries(file.metadata)).toEqual([['__proto__', 'p']]);
  expect(Object.getPrototypeOf(file.metadata)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>).dtype).toBeUndefined();
});

test('takes tensors in any order, empty ones, and padding', async () => {
  const header = `{${entry('b', { data_offsets: [8, 16] })}, ${entry('empty', { shape: [0, 5], data_offsets: [8, 8] })},\n${entry('a')}}   `;
  const file = await openSafetensors(bytesSource(fileOf(header, 16), 'x'));
  const weights = await file.readAll();
  expect([...weights.keys()]).toEqual(['b', 'empty', 'a']);
  expect(weights.get('empty')?.data.length).toBe(0);
});
