import { describe, expect, it } from 'vitest';
import { float32, fromFloat64, type Tensor, type Weights } from '../tensor/index.js';
import { GraphBuilder } from './builder.js';
import { createInterpreter, evaluateGraph } from './interpreter.js';
import type { Graph } from './ir.js';

/** y = relu(x * weight), and whether it is above 1. */
function example(): Graph {
  const b = new GraphBuilder();
  const y = b.relu(b.mul(b.input('x', [2]), b.param('weight', [2])));
  const above = b.apply('greater', [y, b.scalar(1)], {});
  return b.build({ y, above });
}

const weights: Weights = new Map<string, Tensor>([
  ['weight', float32([2], [3, -1])],
  ['another network', float32([1], [0])],
]);

describe('createInterpreter', () => {
  it("gives outputs in the graph's dtypes and shapes, run after run", async () => {
    const interpreter = createInterpreter();
    expect(interpreter.device).toBe('interpreter');
    await using session = await interpreter.load(example(), weights);
    for (const x of [1, 2]) {
      expect(await session.run({ x: float32([2], [x, x]) })).toEqual({
        y: float32([2], [3 * x, 0]),
        above: fromFloat64('bool', [2], [1, 0]),
      });
    }
  });

  it('lists the weights and the inputs that do not fit', async () => {
    const interpreter = createInterpreter();
    await expect(interpreter.load(example(), new Map())).rejects.toThrow(
      'weights do not fit the graph: weight: expected float32 [2], got nothing',
    );
    await using session = await interpreter.load(example(), weights);
    await expect(session.run({ x: float32([3], [1, 2, 3]), z: float32([], [1]) })).rejects.toThrow(
      'inputs do not fit the graph: x: expected float32 [2], got float32 [3]; z: not an input',
    );
  });

  it('throws the reason of an abort, before the run and right after its start', async () => {
    await using session = await createInterpreter().load(example(), weights);
    const feeds = { x: float32([2], [1, 1]) };
    const reason = new Error('changed my mind');
    await expect(session.run(feeds, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const running = session.run(feeds, { signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it('runs nothing after it was disposed of', async () => {
    const session = await createInterpreter().load(example(), weights);
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
    await expect(session.run({ x: float32([2], [1, 1]) })).rejects.toThrow(
      'expected a live session, got one that was disposed of',
    );
  });
});

describe('evaluateGraph', () => {
  it('computes in float64, from numbers and tensors alike', () => {
    const x = Float64Array.of(0.1, 2);
    const { y } = evaluateGraph(example(), { x, weight: float32([2], [3, 1]) });
    expect([...y]).toEqual([0.1 * 3, 2]);
  });

  it('keeps an intermediate result that is also an output', () => {
    const b = new GraphBuilder();
    const half = b.scale(b.input('x', [1]), 0.5);
    const results = evaluateGraph(b.build({ half, quarter: b.mul(half, half) }), {
      x: Float64Array.of(1),
    });
    expect(results).toEqual({ half: Float64Array.of(0.5), quarter: Float64Array.of(0.25) });
  });

  it('lists every feed that does not fit', () => {
    expect(() =>
      evaluateGraph(example(), { x: new Float64Array(3), z: new Float64Array(1) }),
    ).toThrow(
      'feeds do not fit the graph: z: not an input or param; x: expected 2 numbers, got 3; weight: expected 2 numbers, got 0',
    );
  });
});
