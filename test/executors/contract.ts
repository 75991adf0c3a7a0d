// What every executor must do, as one suite.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  GraphBuilder,
  type Executor,
  type Feeds,
  type Graph,
  type Session,
  type Value,
} from '../../src/graph/index.js';
import {
  float32,
  fromFloat64,
  toFloat64,
  type DType,
  type Weights,
} from '../../src/tensor/index.js';

const noWeights: Weights = new Map();

/** y = x * scale + shift, z = x - y; `scale` is a param. */
function affine(): Graph {
  const builder = new GraphBuilder();
  const x = builder.input('x', [2, 3]);
  const shift = builder.input('shift', [3]);
  const y = builder.add(builder.mul(x, builder.param('scale', [1])), shift);
  return builder.build({ z: builder.sub(x, y), y });
}

const scaledBy = (scale: number): Weights => new Map([['scale', float32([1], [scale])]]);
const x = float32([2, 3], [1, 2, 3, 4, 5, 6]);
const shift = float32([3], [10, 20, 30]);

/** Some work: matrix products that come out as they went in. */
function squarings(): Graph {
  const builder = new GraphBuilder();
  let y: Value = builder.input('x', [64, 64]);
  for (let i = 0; i < 8; i++) y = builder.apply('matmul', [y, y], {});
  return builder.build({ y });
}

const even = { x: float32([64, 64], new Float32Array(64 * 64).fill(1 / 64)) };

export interface ContractOptions {
  /** The dtypes that the device has kernels for; by default all that ONNX Runtime has tensors of. */
  readonly dtypes?: readonly DType[];
  /** Whether the device notices an index that is out of bounds; a GPU need not. By default it does. */
  readonly checksIndices?: boolean;
}

const allDtypes: readonly DType[] = [
  'float64', 'float32', 'float16', 'int64', 'int32', 'uint8', 'bool',
]; // prettier-ignore

export function describeExecutor(
  name: string,
  create: () => Promise<Executor>,
  { dtypes = allDtypes, checksIndices = true }: ContractOptions = {},
): void {
  describe(`${name}: the executor contract`, () => {
    let executor: Executor;
    const open: Session[] = [];
    const load = async (graph: Graph, weights = noWeights): Promise<Session> => {
      const session = await executor.load(graph, weights);
      open.push(session);
      return session;
    };

    beforeAll(async () => {
      executor = await create();
    });

    afterAll(async () => {
      for (const session of open) await session[Symbol.asyncDispose]();
    });

    it('takes and gives tensors by name, in the dtypes and shapes of the graph', async () => {
      const session = await load(affine(), scaledBy(2));
      const outputs = await session.run({ shift, x });
      expect(Object.keys(outputs)).toEqual(['z', 'y']);
      expect(outputs.y).toEqual(float32([2, 3], [12, 24, 36, 18, 30, 42]));
      expect(outputs.z).toEqual(float32([2, 3], [-11, -22, -33, -14, -25, -36]));
    });

    it('gives inputs and params as outputs, under several names', async () => {
      const builder = new GraphBuilder();
      const input = builder.input('x', [2, 3]);
      const param = builder.param('scale', [1]);
      const session = await load(builder.build({ a: input, b: input, c: param }), scaledBy(7));
      const scale = float32([1], [7]);
      expect(await session.run({ x })).toEqual({ a: x, b: x, c: scale });
    });

    it('computes scalars and maps of five axes', async () => {
      const builder = new GraphBuilder();
      const scalar = builder.input('scalar', []);
      const map = builder.input('map', [1, 2, 1, 1, 2]);
      const graph = builder.build({ s: builder.mul(scalar, scalar), m: builder.mul(map, scalar) });
      const feeds = { scalar: float32([], [3]), map: float32([1, 2, 1, 1, 2], [1, 2, 3, 4]) };
      const outputs = await (await load(graph)).run(feeds);
      expect(outputs.s).toEqual(float32([], [9]));
      expect(outputs.m).toEqual(float32([1, 2, 1, 1, 2], [3, 6, 9, 12]));
    });

    it.each(dtypes)('carries %s in, through and out', async (dtype) => {
      const builder = new GraphBuilder();
      const parts = [builder.input('a', [2], dtype), builder.input('b', [3], dtype)];
      const session = await load(builder.build({ y: builder.apply('concat', parts, { axis: 0 }) }));
      const numbers = dtype === 'bool' ? [1, 0, 0, 1, 1] : [1, 0, 2, 250, 7];
      const a = fromFloat64(dtype, [2], numbers.slice(0, 2));
      const b = fromFloat64(dtype, [3], numbers.slice(2));
      expect((await session.run({ a, b })).y).toEqual(fromFloat64(dtype, [5], numbers));
    });

    it('lists every bad input at once', async () => {
      const session = await load(affine(), scaledBy(2));
      const wrong = { y: x, shift: fromFloat64('int64', [3], [1, 2, 3]) };
      await expect(session.run(wrong)).rejects.toThrow(
        'inputs do not fit the graph: x: expected float32 [2, 3], got nothing; ' +
          'shift: expected float32 [3], got int64 [3]; y: not an input',
      );
      const turned = { x: float32([3, 2], [1, 2, 3, 4, 5, 6]), shift };
      await expect(session.run(turned)).rejects.toThrow(
        'inputs do not fit the graph: x: expected float32 [2, 3], got float32 [3, 2]',
      );
      expect((await session.run({ x, shift })).y.data[0]).toBe(12);
    });

    it('lists every bad weight at once, and allows weights of other networks', async () => {
      const builder = new GraphBuilder();
      const sum = builder.add(builder.param('a', [2]), builder.param('b', [2]));
      const graph = builder.build({ sum });
      const wrong = new Map([['b', float32([3], [1, 2, 3])]]);
      await expect(executor.load(graph, wrong)).rejects.toThrow(
        'weights do not fit the graph: a: expected float32 [2], got nothing; ' +
          'b: expected float32 [2], got float32 [3]',
      );
      const a = float32([2], [1, 2]);
      const session = await load(graph, new Map([['a', a], ['b', a], ['other', x]])); // prettier-ignore
      expect((await session.run({})).sum).toEqual(float32([2], [2, 4]));
    });

    it.skipIf(!checksIndices)('survives a run that fails', async () => {
      const builder = new GraphBuilder();
      const [table, at] = [builder.input('table', [3]), builder.input('at', [2], 'int64')];
      const y = builder.apply('gather', [table, at], { axis: 0 });
      const session = await load(builder.build({ y }));
      const rows = float32([3], [5, 6, 7]);
      const run = (indices: number[]): Promise<Feeds> =>
        session.run({ table: rows, at: fromFloat64('int64', [2], indices) });
      await expect(run([0, 3])).rejects.toThrow();
      expect((await run([2, 0])).y).toEqual(float32([2], [7, 5]));
    });

    it('leaves its inputs alone, and earlier outputs as they were', async () => {
      const session = await load(affine(), scaledBy(2));
      const first = await session.run({ x, shift });
      const second = await session.run({ x: float32([2, 3], [0, 0, 0, 0, 0, 0]), shift });
      expect(x).toEqual(float32([2, 3], [1, 2, 3, 4, 5, 6]));
      expect(first.y).toEqual(float32([2, 3], [12, 24, 36, 18, 30, 42]));
      expect(second.y).toEqual(float32([2, 3], [10, 20, 30, 10, 20, 30]));
    });

    it('has two sessions and many runs at once', async () => {
      const [doubled, tripled] = [
        await load(affine(), scaledBy(2)),
        await load(affine(), scaledBy(3)),
      ];
      const runs = Array.from({ length: 8 }, async (_, i) => {
        const fed = { x: float32([2, 3], new Float32Array(6).fill(i)), shift };
        const outputs = await Promise.all([doubled.run(fed), tripled.run(fed)]);
        return outputs.map(({ y }) => toFloat64(y)[0]);
      });
      expect(await Promise.all(runs)).toEqual(runs.map((_, i) => [2 * i + 10, 3 * i + 10]));
    });

    describe('an aborted signal', () => {
      it('keeps a run from starting, with the reason of the signal', async () => {
        const session = await load(affine(), scaledBy(2));
        const signal = AbortSignal.abort(new Error('changed my mind'));
        await expect(session.run({ x, shift }, { signal })).rejects.toThrow('changed my mind');
        expect((await session.run({ x, shift })).y.data[0]).toBe(12);
      });

      it('cancels a run that waits behind another, not the other', async () => {
        const session = await load(squarings());
        const controller = new AbortController();
        const first = session.run(even);
        const second = session.run(even, { signal: controller.signal });
        const third = session.run(even);
        controller.abort(new Error('not that one'));
        await expect(second).rejects.toThrow('not that one');
        expect((await first).y).toEqual(even.x);
        expect((await third).y).toEqual(even.x);
      });

      it('means nothing to a run that has ended', async () => {
        const session = await load(affine(), scaledBy(2));
        const controller = new AbortController();
        const { y } = await session.run({ x, shift }, { signal: controller.signal });
        controller.abort(new Error('too late'));
        expect(y.data[0]).toBe(12);
        expect((await session.run({ x, shift })).y.data[0]).toBe(12);
      });
    });

    describe('disposal', () => {
      it('may be repeated, ends runs, and leaves other sessions alone', async () => {
        const session = await executor.load(affine(), scaledBy(2));
        const other = await load(affine(), scaledBy(3));
        await session.run({ x, shift });
        await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
        await session[Symbol.asyncDispose]();
        await expect(session.run({ x, shift })).rejects.toThrow(
          'expected a live session, got one that was disposed of',
        );
        expect((await other.run({ x, shift })).y.data[0]).toBe(13);
      });
    });
  });
}
