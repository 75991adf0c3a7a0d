import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Feeds, type Graph } from '../graph/index.js';
import { float32 } from '../tensor/index.js';
import { engineExecutor, MissingKernelError, type Engine, type Placement } from './engine.js';
import { createQueue } from './queue.js';

const refusal =
  'This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP ' +
  'has been explicitly disabled by the user.';

interface Log {
  readonly opened: Placement[];
  readonly events: string[];
}

/** An engine that answers every run with `y`, and lacks every operator but addition. */
function fakeEngine(y: Feeds, refused: (model: Uint8Array) => boolean = () => false) {
  const log: Log = { opened: [], events: [] };
  const engine: Engine = {
    queue: createQueue(),
    open: (model, placement) => {
      if (placement === 'strict' && refused(model)) return Promise.reject(new Error(refusal));
      log.opened.push(placement);
      return Promise.resolve({
        run: async () => {
          log.events.push('run begins');
          await new Promise((resolve) => setTimeout(resolve, 1));
          log.events.push('run ends');
          return y;
        },
        release: () => {
          log.events.push('release');
          return Promise.resolve();
        },
      });
    },
  };
  return { engine, log };
}

const x = float32([2], [1, 2]);
const contains = (text: string) => (model: Uint8Array) =>
  new TextDecoder('latin1').decode(model).includes(text);

function rounding(): Graph {
  const builder = new GraphBuilder();
  const input = builder.input('x', [2]);
  return builder.build({ y: builder.apply('round', [builder.add(input, input)], {}) });
}

describe('an executor over an engine', () => {
  it('gives the outputs of the graph, in its order, and no others', async () => {
    const { engine } = fakeEngine({ other: x, y: x, z: x });
    const builder = new GraphBuilder();
    const input = builder.input('x', [2]);
    const graph = builder.build({ z: builder.add(input, input), y: builder.mul(input, input) });
    const session = await engineExecutor('fake', engine).load(graph, new Map());
    expect(Object.keys(await session.run({ x }))).toEqual(['z', 'y']);
  });

  it('ends the runs that were asked for before it releases a session, once', async () => {
    const { engine, log } = fakeEngine({ y: x });
    const session = await engineExecutor('fake', engine).load(rounding(), new Map());
    const runs = [session.run({ x }), session.run({ x })];
    const disposals = [session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()];
    await expect(session.run({ x })).rejects.toThrow('expected a live session');
    await Promise.all([...runs, ...disposals]);
    expect(log.events).toEqual(['run begins', 'run ends', 'run begins', 'run ends', 'release']);
  });

  it('names the operators without a kernel when it refuses a graph', async () => {
    const { engine, log } = fakeEngine({ y: x }, contains('Round'));
    const load = engineExecutor('fake', engine).load(rounding(), new Map());
    await expect(load).rejects.toThrow(MissingKernelError);
    await expect(load).rejects.toThrow(
      'fake cannot run the whole graph: it has no kernel for round float32 -> float32',
    );
    expect(log.opened).not.toContain('mixed');
    expect(log.events).toEqual(['release']);
  });

  it('leaves them to the CPU where somebody is told', async () => {
    const { engine, log } = fakeEngine({ y: x }, contains('Round'));
    const told: (readonly string[])[] = [];
    const onFallback = (operators: readonly string[]): void => void told.push(operators);
    const executor = engineExecutor('fake', engine, { onFallback });
    const session = await executor.load(rounding(), new Map());
    expect(told).toEqual([['round float32 -> float32']]);
    expect(log.opened.at(-1)).toBe('mixed');
    expect(await session.run({ x })).toEqual({ y: x });
  });

  it('says so where the device refuses a graph that it takes piece by piece', async () => {
    const { engine } = fakeEngine(
      { y: x },
      (model) => contains('Round')(model) && contains('Add')(model),
    );
    await expect(engineExecutor('fake', engine).load(rounding(), new Map())).rejects.toThrow(
      'fake cannot run the whole graph: it has no kernel for a part of it',
    );
  });
});
