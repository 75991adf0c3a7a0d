import { describe, expect, it } from 'vitest';
import { parseLatencyCsv } from './latencyCsv.js';

const device = { name: 'NPU', precision: 'w8a16' };

describe('parseLatencyCsv', () => {
  it('reads what a spreadsheet writes', () => {
    const text =
      '\uFEFFoption,"stage",median_ms,q1_ms\r\n# on a Tuesday\r\n\r\nRA, E1 ,1.5,1.25\r\n-,out,2e-1,\r\n';
    expect(parseLatencyCsv(text, device, 'a.csv')).toEqual({
      ...{ format: 'nanosd-latency-table', version: 1, device },
      entries: [
        { stage: 'E1', option: 'RA', median_ms: 1.5, q1_ms: 1.25 },
        { stage: 'out', option: '-', median_ms: 0.2 },
      ],
    });
  });

  it.each([
    [
      '',
      'a.csv: expected the columns stage,option,median_ms and of q1_ms,q3_ms,runs any, got nothing',
    ],
    ['stage,option,ms\n', 'a.csv: line 1: expected the columns stage,option,median_ms and of'],
    ['stage,option,median_ms,option\n', 'got stage,option,median_ms,option'],
    ['stage,option,median_ms\n\nE1,R\n', 'a.csv: line 3: expected 3 cells, got 2'],
    ['stage,option,median_ms\nE1,R,fast\n', 'line 2: median_ms: expected a number, got "fast"'],
    ['stage,option,median_ms\nE1,R,\n', 'line 2: median_ms: expected a number, got ""'],
    [
      'stage,option,median_ms\nE1,AR,1\n',
      'entries.0.option: expected one of R, RA, RR, RARA for E1',
    ],
    ['stage,option,median_ms\n', 'a.csv: entries: expected at least 1 entries, got []'],
  ])('refuses %j', (text, message) => {
    expect(() => parseLatencyCsv(text, device, 'a.csv')).toThrow(message);
  });
});
