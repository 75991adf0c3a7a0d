import { describe, expect, it } from 'vitest';
import {
  createPoolStream,
  dueAt,
  isSealed,
  poolRecord,
  recordBytes,
  fileSamples,
  sealRecord,
} from './poolPlan.js';

const window = { samples: 20, refresh: 0.25 };

describe('a stream over a pool', () => {
  const numbers = (from: number, seed = 1): number[] => {
    const draw = createPoolStream(seed, window);
    return Array.from({ length: 20 }, (_, i) => draw(from + i).number);
  };
  const sorted = (values: number[]): number[] => [...values].sort((a, b) => a - b);
  const range = (from: number): number[] => Array.from({ length: 20 }, (_, i) => from + i);

  it('takes each sample once a pass, and a share of new ones in each', () => {
    expect([0, 20, 40].map((first) => sorted(numbers(first)))).toEqual([
      range(0),
      range(5),
      range(10),
    ]);
  });

  it('has another order for each pass and seed', () => {
    const orders = [numbers(0), numbers(20).map((number) => number - 5), numbers(0, 2)];
    expect(new Set(orders.map((order) => order.join())).size).toBe(3);
  });

  it('is a function of the place alone', () => {
    const draw = createPoolStream(1, window);
    const backwards = Array.from({ length: 60 }, (_, i) => draw(59 - i)).reverse();
    const forwards = Array.from({ length: 60 }, (_, i) => createPoolStream(1, window)(i));
    expect(backwards).toEqual(forwards);
    expect(new Set(forwards.map(({ orientation }) => orientation))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7])); // prettier-ignore
  });

  it('needs what the pass takes, and by its end what the next one takes', () => {
    expect(dueAt(0, window)).toEqual({ from: 0, to: 20 });
    expect(dueAt(10, window)).toEqual({ from: 0, to: 23 });
    expect(dueAt(19, window)).toEqual({ from: 0, to: 25 });
    expect(dueAt(20, window)).toEqual({ from: 5, to: 25 });
  });
});

describe('a record', () => {
  const planes = [
    { name: 'sample', channels: 3, side: 3 },
    { name: 'target', channels: 3, side: 6 },
  ];
  const sealed = () => {
    const record = poolRecord(planes, new Uint8Array(recordBytes(planes)).fill(7));
    sealRecord(record, 5, 99);
    return record;
  };

  it('holds its planes in whole words', () => {
    expect(recordBytes(planes)).toBe(8 + 136);
    expect(sealed().plane('sample')).toHaveLength(27);
    expect(sealed().plane('target')).toHaveLength(108);
    expect(() => sealed().plane('answer')).toThrow('answer: expected sample, target');
  });

  it('is told from any other bytes, another number and another pool', () => {
    expect(isSealed(sealed(), 5, 99)).toBe(true);
    expect(isSealed(sealed(), 6, 99)).toBe(false);
    expect(isSealed(sealed(), 5, 98)).toBe(false);
    for (let i = 0; i < recordBytes(planes); i++) {
      const record = sealed();
      record.bytes[i] ^= 1;
      expect(isSealed(record, 5, 99)).toBe(false);
    }
  });

  it('is one of many in a file, of which the largest is alone', () => {
    expect(fileSamples(planes, 40)).toBe(3);
    expect(fileSamples(planes, 1e9)).toBe(111_111);
    expect(fileSamples([{ name: 'sample', channels: 3, side: 4096 }], 1e9)).toBe(1);
  });
});
