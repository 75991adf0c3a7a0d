import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GraphBuilder, type Executor, type Graph } from '../../graph/index.js';
import { Random } from '../../tensor/index.js';
import { measureLatencies, type MeasureOptions } from './measureLatencies.js';

/** A graph with so many bytes of weights. */
function graphOf(name: string, bytes: number): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [1]);
  return b.build({ [name]: b.add(x, b.reshape(b.param('weight', [bytes / 4]), [bytes / 4])) });
}

let clock = 0;

/** Each run takes as long as the graph's name says, in milliseconds, by a clock of its own; keeps a log. */
function clockwork(log: string[] = []): Executor {
  return {
    device: 'clockwork',
    load: (graph) => {
      const [name] = Object.keys(graph.outputs);
      log.push(`+${name}`);
      return Promise.resolve({
        run: () => {
          log.push(name);
          clock += Number(name);
          return Promise.resolve({});
        },
        [Symbol.asyncDispose]: () => {
          log.push(`-${name}`);
          return Promise.resolve();
        },
      });
    },
  };
}

beforeEach(() => {
  clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
});
afterEach(() => vi.restoreAllMocks());

const options: MeasureOptions = {
  ...{ runs: 5, warmup: 1, maxBytes: 1e6 },
  random: Random.seeded(1),
};
const graphs = ['1', '4', '9'].map((name) => graphOf(name, 400));

describe('measureLatencies', () => {
  it('gives the median and quartiles of each graph', async () => {
    const progress: string[] = [];
    const onProgress = (done: number, total: number) => {
      progress.push(`${done}/${total}`);
      // The machine becomes slower.
      clock += 1000;
    };
    const latencies = await measureLatencies(clockwork(), graphs, { ...options, onProgress });
    expect(latencies).toEqual([1, 4, 9].map((ms) => ({ q1: ms, median: ms, q3: ms, runs: 5 })));
    expect(progress.slice(-1)).toEqual(['15/15']);
  });

  it('times runs that vary', async () => {
    const slowing = clockwork();
    const load: Executor['load'] = async (graph, weights) => {
      const session = await slowing.load(graph, weights);
      let runs = 0;
      const run: typeof session.run = (feeds) => {
        clock += runs++;
        return session.run(feeds);
      };
      return { ...session, run };
    };
    const [latency] = await measureLatencies({ ...slowing, load }, [graphOf('1', 4)], options);
    // After run 0, which warms up, every second one: 1 + 2, 1 + 4, ..., 1 + 10 ms.
    expect(latency).toEqual({ q1: 5, median: 7, q3: 9, runs: 5 });
  });

  it('times by another clock', async () => {
    const half = { ...options, clock: () => clock / 2 };
    const latencies = await measureLatencies(clockwork(), graphs, half);
    expect(latencies.map(({ median }) => median)).toEqual([0.5, 2, 4.5]);
  });

  it('times a slow graph without a run before', async () => {
    const log: string[] = [];
    await measureLatencies(clockwork(log), [graphOf('500', 4)], options);
    expect(log.filter((line) => line === '500')).toHaveLength(6);
  });

  it('runs each graph once a round, after a run that is not timed, in changing order', async () => {
    const log: string[] = [];
    await measureLatencies(clockwork(log), graphs, options);
    const loading = ['+1', '1', '+4', '4', '+9', '9'];
    expect(log.slice(0, 6)).toEqual(loading);
    const timed = log.slice(6, -3).filter((_, i) => i % 2 === 1);
    const rounds = Array.from({ length: 5 }, (_, i) => timed.slice(3 * i, 3 * i + 3));
    for (const round of rounds) expect([...round].sort()).toEqual(['1', '4', '9']);
    expect(new Set(rounds.map(String)).size).toBeGreaterThan(1);
    expect(log.slice(-3)).toEqual(['-1', '-4', '-9']);
  });

  it('holds no more at once than it may, and comes back to each several times', async () => {
    const log: string[] = [];
    const latencies = await measureLatencies(clockwork(log), graphs, {
      ...options,
      maxBytes: 1700,
    });
    expect(log.filter((line) => /[+-]/.test(line)).slice(0, 6)).toEqual(
      '+1 +4 -1 -4 +9 -9'.split(' '),
    );
    expect(log.filter((line) => line === '+9')).toHaveLength(3);
    expect(latencies.map(({ runs }) => runs)).toEqual([5, 5, 5]);
  });

  it('ends in time, with as many runs of each', async () => {
    // 14 ms to warm up, then rounds of 28 ms; the last begins at 126.
    const timed = { ...options, runs: 1000, maxSeconds: 0.15 };
    const latencies = await measureLatencies(clockwork(), graphs, timed);
    expect(latencies.map(({ runs }) => runs)).toEqual([5, 5, 5]);
    const hurried = await measureLatencies(clockwork(), graphs, { ...timed, maxSeconds: 0.001 });
    expect(hurried.map(({ runs }) => runs)).toEqual([1, 1, 1]);
  });

  it('gives back what it loaded when it is cancelled or a run fails', async () => {
    const log: string[] = [];
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(measureLatencies(clockwork(log), graphs, { ...options, signal })).rejects.toThrow(
      'enough',
    );
    expect(log).toEqual([]);
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    await expect(
      measureLatencies(clockwork(log), graphs, {
        ...options,
        signal: controller.signal,
        onProgress,
      }),
    ).rejects.toThrow('enough');
    expect(log.slice(-3)).toEqual(['-1', '-4', '-9']);
  });
});
