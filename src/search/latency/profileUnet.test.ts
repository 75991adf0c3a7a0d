import { describe, expect, it } from 'vitest';
import { graphCost, type Executor } from '../../graph/index.js';
import { stagesOfUnet2D } from '../../models/index.js';
import { parseStages, stageNames, type Stages } from '../../surgery/index.js';
import { Random } from '../../tensor/index.js';
import { drawNetworks } from './latencyParts.js';
import {
  missingOptions,
  parseLatencyTable,
  sumOfParts,
  type LatencyTable,
} from './latencyTable.js';
import { checkPredictions } from '../quality/predictionCheck.js';
import { profileUnet, type ProfileRequest } from './profileUnet.js';

const teacher = stagesOfUnet2D({
  ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0 },
  ...{ blockOutChannels: [8, 16, 24, 24], layersPerBlock: [2, 2, 2, 2], heads: [2, 2, 2, 2] },
  ...{ downAttention: [true, true, true, false], upAttention: [true, true, true, false] },
  ...{ midBlock: true, normNumGroups: 4, normEps: 1e-5, crossAttentionDim: 12 },
});
const request: ProfileRequest = {
  ...{ name: 'tiny', teacher, size: { batch: 1, height: 8, width: 8, contextTokens: 5 } },
  ...{ stages: stageNames, others: [], networks: [], precision: 'fp32' },
};
const options = { runs: 1, warmup: 0, random: Random.seeded(1), maxBytes: 1e9 };

/** Computes nothing, and notes the dtypes of the weights that it was given. */
function idle(dtypes = new Set<string>()): Executor {
  return {
    device: 'idle',
    load: (graph, weights) => {
      for (const { dtype } of weights.values()) dtypes.add(dtype);
      expect(graphCost(graph).parameters).toBeGreaterThan(0);
      const run = () => Promise.resolve({});
      return Promise.resolve({ run, [Symbol.asyncDispose]: () => Promise.resolve() });
    },
  };
}

describe('profileUnet', () => {
  it('gives a table of every option, which its own reader accepts', async () => {
    const networks = drawNetworks(3, Random.seeded(1));
    const profile = await profileUnet(
      idle(),
      { name: 'idle', threads: 1 },
      { ...request, networks },
      options,
    );
    const { table } = profile;
    expect(parseLatencyTable(JSON.parse(JSON.stringify(table)), 'a')).toEqual(table);
    expect(missingOptions(table)).toEqual([]);
    expect(table.entries).toHaveLength(38);
    expect(table.device).toEqual({ name: 'idle', threads: 1, precision: 'fp32' });
    expect(table.network).toEqual({
      ...{ teacher: 'tiny', block_out_channels: [8, 16, 24, 24], batch: 1, height: 8, width: 8 },
      context_tokens: 5,
    });
    expect(profile.networks.map(({ stages }) => stages)).toEqual(networks);
    expect(profile.check?.networks).toBe(3);
    expect(table.network_offset_ms).toBeDefined();
  });

  it('measures only some stages, in float16', async () => {
    const dtypes = new Set<string>();
    const half = { ...request, stages: ['D1'] as const, precision: 'fp16' as const };
    const { table, check } = await profileUnet(idle(dtypes), { name: 'idle' }, half, options);
    expect([table.entries.length, table.device.precision, check]).toEqual([10, 'fp16', null]);
    expect(dtypes).toContain('float16');
    expect(missingOptions(table)).toHaveLength(28);
  });
});

describe('checkPredictions', () => {
  const table: LatencyTable = {
    ...{ format: 'nanosd-latency-table', version: 1, device: { name: 'cpu' } },
    entries: stageNames.flatMap((stage) =>
      ['R', 'RA'].map((option, k) => ({ stage, option, median_ms: 10 * (k + 1) })),
    ),
  };
  const networks = ['R R R R R R', 'RA R R R R R', 'RA RA R R R R', 'RA RA RA R R R'].map((text) =>
    parseStages(text),
  );
  const measured = (ms: (sum: number) => number) =>
    networks.map((stages: Stages) => ({ stages, measuredMs: ms(sumOfParts(table, stages)) }));

  it('finds nothing wrong with a true sum', () => {
    expect(
      checkPredictions(
        table,
        measured((sum) => sum),
      ),
    ).toEqual({
      ...{ networks: 4, offsetMs: 0 },
      sum: { medianAbsolutePercent: 0, biasPercent: 0, spearman: expect.closeTo(1, 12) as number },
      withOffset: {
        medianAbsolutePercent: 0,
        biasPercent: 0,
        spearman: expect.closeTo(1, 12) as number,
      },
    });
  });

  it('mends a bias that is the same for all', () => {
    const { sum, offsetMs, withOffset } = checkPredictions(
      table,
      measured((ms) => ms - 20),
    );
    expect(offsetMs).toBe(-20);
    // 60, 70, 80, 90 for 40, 50, 60, 70.
    expect(sum.biasPercent).toBeCloseTo((40 + 100 / 3) / 2, 10);
    expect(withOffset.medianAbsolutePercent).toBe(0);
  });

  it('does not fit a network on itself', () => {
    const odd = measured((sum) => (sum === 90 ? 190 : sum));
    const { withOffset } = checkPredictions(table, odd);
    expect(withOffset.medianAbsolutePercent).toBe(0);
    expect(() => checkPredictions(table, odd.slice(0, 1))).toThrow('expected at least 2 networks');
  });
});
