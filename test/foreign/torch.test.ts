import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toFloat64 } from '../../src/tensor/index.js';
import { bytesSource, openTorch, openWeights } from '../../src/weights/index.js';
import { mutate, savedFiles } from './mutatedFiles.js';
import { unpickle } from '../../src/weights/torch/unpickle.js';

const golden = (name: string): Uint8Array =>
  readFileSync(new URL(`goldens/${name}`, import.meta.url));

describe.each(['run.pth', 'run-legacy.pth'])('%s, which torch.save has made', (name) => {
  it('is read to the bit, views and types too, and nothing of it is run', async () => {
    const file = await openWeights(bytesSource(golden(name), name));
    const tensors = await file.readAll();
    const row = (key: string): number[] => {
      const found = tensors.get(key);
      return found ? [...toFloat64(found)] : [];
    };
    expect(row('matrix')).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(tensors.get('transposed')?.shape).toEqual([6, 4]);
    expect(row('transposed').slice(0, 5)).toEqual([0, 6, 12, 18, 1]);
    expect(row('part')).toEqual([5, 6, 7, 8, 9, 10]);
    expect(row('half')).toEqual([0.5, -2]);
    expect(row('bfloat16')).toEqual([0.5, -2]);
    expect(row('double')).toEqual([Math.PI]);
    expect(row('long')).toEqual([-(2 ** 40)]);
    expect(row('bool')).toEqual([1, 0]);
    expect(row('parameter')).toEqual([1.5]);
    expect(row('scalar')).toEqual([7]);
    expect(tensors.get('scalar')?.shape).toEqual([]);
    expect(file.metadata['torch.ignored']).toContain('optimizer_states');
    expect(file.metadata['torch.ignored']).toContain('short (ShortStorage)');
  });
});

/** Bytes of a pickle, one character each. */
const pickle = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('a pickle that wants more than weights', () => {
  it.each([
    ['cos\nsystem\n(S"echo"\ntR.', 'os.system'],
    ['cbuiltins\neval\n(S"1"\ntR.', 'builtins.eval'],
    ['\x80\x04\x8c\x05posix\x8c\x06system\x93.', 'posix.system'],
    ['ctorch.storage\n_load_from_bytes\n.', 'torch.storage._load_from_bytes'],
    ['c__builtin__\ngetattr\n.', '__builtin__.getattr'],
  ])('%j is refused by the name of what it asks for', (text, name) => {
    expect(() => unpickle(pickle(text))).toThrow(`a pickle that asks for ${name}: refused`);
  });

  it.each([
    ['(i__main__\nA\n.', 'got operation 0x69'],
    ['\x82\x01.', 'got operation 0x82'],
    ['ccollections\nOrderedDict\n)R}b.', 'ends'],
    ['K\x01R.', 'empty stack'],
    ['(', 'in the middle of a value'],
    ['X\xff\xff\xff\x7f', 'in the middle of a value'],
    ['h\x05.', 'repeats value 5'],
    ['('.repeat(2000), 'at most 1000 levels'],
    ['\x80\x09.', 'protocol 0 to 5'],
    ['K\x01K\x02s.', 'empty stack'],
  ])('%j is refused', (text, problem) => {
    if (problem === 'ends') expect(unpickle(pickle(text)).value).toBeDefined();
    else expect(() => unpickle(pickle(text))).toThrow(problem);
  });

  it('may hold itself, and share what it holds, without filling the memory', () => {
    expect(unpickle(pickle(']q\x00h\x00a.')).value).toHaveLength(1);
    const nested = `]q\x00${'](h\x00h\x00h\x00eq\x00'.repeat(60)}.`;
    expect(unpickle(pickle(nested)).value).toHaveLength(3);
  });
});

it('says of a damaged or hostile file what is wrong, whatever byte of it is changed', async () => {
  const files = savedFiles(golden);
  for (let seed = 0; seed < 400; seed++) {
    const bytes = mutate(files, seed);
    const opened = await openTorch(bytesSource(bytes, 'x.pth'))
      .then(
        (file) => file.readAll().then(() => null),
        (error: unknown) => error,
      )
      .catch((error: unknown) => error);
    if (opened !== null) expect((opened as Error).name).toBe('WeightsError');
  }
});
