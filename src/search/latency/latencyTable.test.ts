import { describe, expect, it } from 'vitest';
import { parseStages, stageNames, stageOptions } from '../../surgery/index.js';
import {
  missingOptions,
  parseLatencyTable,
  predictLatency,
  type LatencyTable,
} from './latencyTable.js';

/** Powers of two, so that a sum says which entries are in it. */
const whole: LatencyTable = {
  ...{ format: 'nanosd-latency-table', version: 1, device: { name: 'cpu' } },
  entries: [
    ...stageNames.flatMap((stage, i) =>
      stageOptions[stage].map((option, k) => ({ stage, option, median_ms: 8 ** i * k })),
    ),
    { stage: 'conv_in+time', option: '-', median_ms: 0.25, q1_ms: 0.2, q3_ms: 0.5, runs: 9 },
    { stage: 'out', option: '-', median_ms: 0.5 },
    { stage: 'vae_decoder', option: '-', median_ms: 1e6 },
  ],
};
const stages = parseStages('RR RA RARA RAR RA R');
const sum = 2 + 8 + 3 * 8 ** 2 + 3 * 8 ** 3 + 8 ** 4 + 0.75;

describe('latency tables', () => {
  it('predict a network by the sum of its parts, and nothing else', () => {
    expect(predictLatency(parseLatencyTable(whole, 'a'), stages)).toBe(sum);
    expect(predictLatency({ ...whole, network_offset_ms: -1 }, stages)).toBe(sum - 1);
    expect(predictLatency({ ...whole, network_offset_ms: -1e9 }, stages)).toBe(0);
  });

  it('say which options they lack', () => {
    const entries = whole.entries.filter(({ stage, option }) => stage !== 'D3' || option !== 'RAR');
    const partial = { ...whole, entries };
    expect(missingOptions(whole)).toEqual([]);
    expect(missingOptions(partial)).toEqual(['D3 RAR']);
    expect(() => predictLatency(partial, stages)).toThrow(
      'latency table of cpu: expected entries for D3 RAR, got none',
    );
  });

  it.each([
    [{ version: 2 }, 'a: version: expected 1, got 2'],
    [{ devices: [] }, 'a: devices: no such key'],
    [
      { entries: [{ stage: 'E1', option: 'RRR', median_ms: 1 }] },
      'a: entries.0.option: expected one of R, RA, RR, RARA for E1, got "RRR"',
    ],
    [
      { entries: [{ stage: 'E4', option: 'R', median_ms: 1 }] },
      'a: entries.0.stage: expected E1, E2, E3, D3, D2, D1, conv_in+time, out, text_encoder, ' +
        'vae_encoder or vae_decoder, got "E4"',
    ],
    [
      { entries: [{ stage: 'E1', option: 'R', median_ms: -1 }] },
      'a: entries.0.median_ms: expected at least 0, got -1',
    ],
    [
      { entries: [{ stage: 'E1', option: 'R', median_ms: 1, q1_ms: 2, q3_ms: 3 }] },
      'a: entries.0.median_ms: expected a median from q1_ms to q3_ms (2 to 3), got 1',
    ],
    [{ entries: [whole.entries[0], whole.entries[0]] }, 'a: entries.1: expected each option once'],
  ])('refuse %j', (change, message) => {
    expect(() => parseLatencyTable({ ...whole, ...change }, 'a')).toThrow(message);
  });
});
