import { describe, expect, it } from 'vitest';
import { stagesOfUnet2D } from '../models/index.js';
import { createChannel } from './channel.js';
import { longestFirst, trainingGroups } from './groups.js';
import { distillationReportHtml } from './reportHtml.js';
import { allSurrogates, parseSurrogates, surrogateName } from './surrogate.js';
import { lossCurve, relativeErrors, type SurrogateReport } from './surrogateReport.js';

const names = (text: string): string[] => parseSurrogates(text).map(surrogateName);

describe('surrogates', () => {
  it('are 30, 3 for an encoder stage and 7 for a decoder stage', () => {
    const stages = allSurrogates.map(({ stage }) => stage);
    const count = (stage: string): number => stages.filter((each) => each === stage).length;
    expect(['E1', 'E2', 'E3', 'D3', 'D2', 'D1'].map(count)).toEqual([3, 3, 3, 7, 7, 7]);
  });

  it('are read by name or stage, in the order of the space, each once', () => {
    expect(names('D2-RRA, E1,E1-R')).toEqual(['E1-R', 'E1-RA', 'E1-RR', 'D2-RRA']);
    // The teacher's own option is no surrogate.
    expect(() => names('E1-RARA,X')).toThrow('got "E1-RARA", "X"');
    expect(() => names('')).toThrow('got none');
  });

  it('are trained longest first, alone or in groups of like work', () => {
    const teacher = stagesOfUnet2D({
      ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0 },
      ...{ blockOutChannels: [8, 8, 8, 8], layersPerBlock: [2, 2, 2, 2], heads: [2, 2, 2, 2] },
      downAttention: [true, true, true, false],
      upAttention: [true, true, true, false],
      ...{ midBlock: true, normNumGroups: 4, normEps: 1e-5, crossAttentionDim: 6 },
    });
    const size = { batch: 4, height: 16, width: 16, contextTokens: 2 };
    const ordered = longestFirst(teacher, size, parseSurrogates('D1-R,D1-RARA,E3-R,E1-RA'));
    // Attention over 256 cells outweighs a resnet.
    expect(ordered.map(surrogateName)).toEqual(['D1-RARA', 'E1-RA', 'D1-R', 'E3-R']);
    const groups = (cached: boolean): string[][] =>
      trainingGroups(ordered, 2, cached).map((group) => group.map(surrogateName));
    expect(groups(true)).toEqual([['D1-RARA'], ['E1-RA'], ['D1-R'], ['E3-R']]);
    expect(groups(false)).toEqual([
      ['D1-RARA', 'E3-R'],
      ['E1-RA', 'D1-R'],
    ]);
  });
});

describe('reports', () => {
  it('sum squares over outputs, and average losses over spans', () => {
    const sums = new Map([
      ['error:hidden', 1],
      ['power:hidden', 4],
      ['error:skip.0', 3],
      ['power:skip.0', 4],
    ]);
    expect(relativeErrors(sums)).toEqual({ all: 0.5, outputs: { hidden: 0.25, 'skip.0': 0.75 } });
    const steps = [4, 2, 8, 6, 1].map((loss, i) => ({ step: i + 1, loss }));
    expect(lossCurve(steps, 3)).toEqual([
      [2, 3],
      [4, 7],
      [5, 1],
    ]);
  });

  it('are a page that needs nothing else, whatever names are in it', () => {
    const errors = (all: number) => ({ all, outputs: { hidden: all } });
    const report: SurrogateReport = {
      ...{ stage: 'E1', option: 'RA', steps: 10, loss: 'mse', parameters: 1234, macs: 5e6 },
      relativeError: { before: errors(0.5), after: errors(0.125) },
      ...{ seconds: 3, identity: {} },
      lossCurve: [
        [5, 0.2],
        [10, 0.1],
      ],
    };
    const html = distillationReportHtml({ photos: '<script>' }, [report]);
    expect(html).toContain('1,234');
    expect(html).toContain('0.125');
    expect(html).toContain('points="90.0,1.0 179.0,43.0"');
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toMatch(/<script|src=|href=/);
  });
});

describe('createChannel', () => {
  it('gives everything in order, then ends or throws', async () => {
    const channel = createChannel<number>();
    channel.push(1);
    setTimeout(() => {
      channel.push(2);
      channel.fail(new Error('over'));
      channel.push(3);
    });
    const read: number[] = [];
    await expect(
      (async () => {
        for await (const value of channel) read.push(value);
      })(),
    ).rejects.toThrow('over');
    expect(read).toEqual([1, 2]);
  });
});
