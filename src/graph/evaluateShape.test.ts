import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementCount, float32, tensor, type Shape, type Tensor } from '../tensor/index.js';
import { GraphBuilder } from './builder.js';
import { evaluateGraph } from './interpreter.js';
import type { Value } from './ir.js';
import type { Attributes, Op } from './operators.js';

// The references below know nothing of strides: they work on nested arrays, one axis at a time.
type Nested = number | Nested[];

function nest(data: ArrayLike<number>, shape: Shape): Nested {
  if (shape.length === 0) return data[0];
  const [length, ...rest] = shape;
  const size = elementCount(rest);
  const all = Array.from(data);
  return Array.from({ length }, (_, i) => nest(all.slice(i * size, (i + 1) * size), rest));
}

function shapeOf(nested: Nested): number[] {
  return typeof nested === 'number' ? [] : [nested.length, ...shapeOf(nested[0])];
}

function flatten(nested: Nested): number[] {
  return typeof nested === 'number' ? [nested] : nested.flatMap(flatten);
}

/** Replaces the rows of one axis. */
function along(nested: Nested, axis: number, change: (rows: Nested[]) => Nested[]): Nested {
  if (typeof nested === 'number') throw new Error('expected an axis, got a number');
  return axis === 0 ? change(nested) : nested.map((row) => along(row, axis - 1, change));
}

function alongEach(nested: Nested, change: (rows: Nested[], axis: number) => Nested[]): Nested {
  return shapeOf(nested).reduce<Nested>(
    (sofar, _, axis) => along(sofar, axis, (rows) => change(rows, axis)),
    nested,
  );
}

function zip(a: Nested, b: Nested, f: (a: number, b: number) => number): Nested {
  if (typeof a === 'number' || typeof b === 'number') return f(Number(a), Number(b));
  return a.map((row, i) => zip(row, b[i], f));
}

function counting(shape: Shape): Tensor<'float32'> {
  const numbers = Array.from({ length: elementCount(shape) }, (_, i) => i + 1);
  return float32(shape, numbers);
}

/** Checks the inferred shape and the computed elements of an operation against the reference. */
function expectResult<O extends Op>(
  op: O,
  operands: readonly Tensor[],
  attributes: Attributes[O],
  reference: Nested,
): void {
  const b = new GraphBuilder();
  const inputs = operands.map(({ shape, dtype }, i): Value => b.input(`${i}`, shape, dtype));
  const y = b.apply(op, inputs, attributes);
  expect(y.shape).toEqual(shapeOf(reference));
  const feeds = Object.fromEntries(operands.map((operand, i) => [`${i}`, operand]));
  expect([...evaluateGraph(b.build({ y }), feeds).y]).toEqual(flatten(reference));
}

const dimension = fc.integer({ min: 1, max: 4 });
const shapes = fc.array(dimension, { minLength: 1, maxLength: 4 });
const natural = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

/** Shapes, each with an axis of it. */
const shapesWithAxis = shapes.chain((shape) =>
  fc.tuple(fc.constant(shape), natural(shape.length - 1)),
);

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { seed: 1 });
}

describe('inferred shape and evaluated elements are those of nested arrays, for', () => {
  it('slice', () => {
    const cut = (n: number): fc.Arbitrary<[number, number, number]> =>
      fc
        .tuple(natural(n - 1), natural(n - 1), fc.integer({ min: 1, max: 3 }))
        .map(([a, b, step]) => (a <= b ? [a, b + 1, step] : [a, b - 1, -step]));
    const cuts = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.tuple(...shape.map((n) => cut(n)))),
    );
    check(cuts, ([shape, ranges]) => {
      const x = counting(shape);
      const [starts, ends, steps] = [0, 1, 2].map((part) => ranges.map((range) => range[part]));
      const reference = alongEach(nest(x.data, shape), (rows, axis) => {
        const kept: Nested[] = [];
        const [start, end, step] = ranges[axis];
        for (let i = start; step > 0 ? i < end : i > end; i += step) kept.push(rows[i]);
        return kept;
      });
      expectResult('slice', [x], { starts, ends, steps }, reference);
    });
  });

  it('pad', () => {
    const modes = fc.constantFrom('constant', 'reflect', 'edge');
    const sides = fc.tuple(natural(3), natural(3));
    const pads = fc.tuple(shapes, modes, fc.array(sides, { minLength: 4, maxLength: 4 }));
    check(pads, ([shape, mode, wanted]) => {
      const x = counting(shape);
      const most = (n: number): number => (mode === 'reflect' ? n - 1 : 3);
      const before = shape.map((n, axis) => Math.min(wanted[axis][0], most(n)));
      const after = shape.map((n, axis) => Math.min(wanted[axis][1], most(n)));
      const zero = (row: Nested): Nested => (typeof row === 'number' ? 0 : row.map(zero));
      const reference = alongEach(nest(x.data, shape), (rows, axis) => {
        const [left, right] = [before[axis], after[axis]];
        const [first, last] = [rows[0], rows[rows.length - 1]];
        if (mode === 'reflect') {
          const tail = rows.slice(rows.length - 1 - right, rows.length - 1);
          return [...rows.slice(1, 1 + left).reverse(), ...rows, ...tail.reverse()];
        }
        const edge = mode === 'edge' ? [first, last] : [zero(first), zero(last)];
        return [
          ...new Array<Nested>(left).fill(edge[0]),
          ...rows,
          ...new Array<Nested>(right).fill(edge[1]),
        ];
      });
      expectResult('pad', [x], { before, after, mode }, reference);
    });
  });

  it('concat', () => {
    const lengths = fc.array(dimension, { minLength: 1, maxLength: 3 });
    check(fc.tuple(shapesWithAxis, lengths), ([[shape, axis], parts]) => {
      const operands = parts.map((n) => counting(shape.map((m, i) => (i === axis ? n : m))));
      const nested = operands.map((part) => nest(part.data, part.shape));
      const join = (rows: readonly Nested[], depth: number): Nested =>
        depth === 0
          ? rows.flatMap((row) => row)
          : (rows[0] as Nested[]).map((_, i) =>
              join(
                rows.map((row) => (row as Nested[])[i]),
                depth - 1,
              ),
            );
      expectResult('concat', operands, { axis }, join(nested, axis));
    });
  });

  it('transpose', () => {
    const permuted = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      ),
    );
    check(permuted, ([shape, perm]) => {
      const x = counting(shape);
      const nested = nest(x.data, shape);
      const build = (index: number[]): Nested => {
        const axis = index.length;
        if (axis < perm.length) {
          return Array.from({ length: shape[perm[axis]] }, (_, i) => build([...index, i]));
        }
        return perm
          .map((_, source) => index[perm.indexOf(source)])
          .reduce<Nested>((row, i) => (row as Nested[])[i], nested);
      };
      expectResult('transpose', [x], { perm }, build([]));
    });
  });

  it('expand, and binary operators under broadcasting', () => {
    const broadcast = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
        natural(shape.length),
      ),
    );
    check(broadcast, ([shape, ones, dropped]) => {
      const small = counting(shape.map((n, i) => (ones[i] ? 1 : n)).slice(dropped));
      const leading = new Array<number>(dropped).fill(1);
      const thin = nest(small.data, [...leading, ...small.shape]);
      const spread = alongEach(thin, (rows, axis) =>
        rows.length === shape[axis] ? rows : new Array<Nested>(shape[axis]).fill(rows[0]),
      );
      expectResult('expand', [small], { shape }, spread);
      const full = counting(shape);
      const nested = nest(full.data, shape);
      expectResult(
        'sub',
        [full, small],
        {},
        zip(nested, spread, (a, b) => a - b),
      );
      expectResult(
        'sub',
        [small, full],
        {},
        zip(spread, nested, (a, b) => a - b),
      );
    });
  });

  it('gather and scatterAdd', () => {
    const picks = fc.array(fc.array(natural(9), { minLength: 2, maxLength: 2 }), {
      minLength: 1,
      maxLength: 3,
    });
    check(fc.tuple(shapesWithAxis, picks), ([[shape, axis], wanted]) => {
      const x = counting(shape);
      const n = shape[axis];
      const rows = wanted.map((pair) => pair.map((i) => i % n));
      const indices = tensor(
        'int64',
        [rows.length, 2],
        BigInt64Array.from(rows.flat(), (i) => BigInt(i)),
      );
      const gathered = along(nest(x.data, shape), axis, (from) =>
        rows.map((pair) => pair.map((i) => from[i])),
      );
      expectResult('gather', [x, indices], { axis }, gathered);

      const updates = counting(shapeOf(gathered));
      const scattered = along(nest(updates.data, updates.shape), axis, (blocks) =>
        Array.from({ length: n }, (_, target) => {
          const zeros = nest(new Float64Array(elementCount(shape)), shape.slice(axis + 1));
          return blocks.reduce<Nested>(
            (sum, block, i) =>
              (block as Nested[]).reduce<Nested>(
                (total, row, j) =>
                  rows[i][j] === target ? zip(total, row, (a, b) => a + b) : total,
                sum,
              ),
            zeros,
          );
        }),
      );
      expectResult('scatterAdd', [indices, updates], { axis, size: n }, scattered);
    });
  });

  it('reductions', () => {
    const reduced = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.subarray([...shape.keys()], { minLength: 1 })),
    );
    check(reduced, ([shape, axes]) => {
      const x = counting(shape);
      const combine = (f: (a: number, b: number) => number): Nested =>
        axes.reduce<Nested>(
          (sofar, axis) =>
            along(sofar, axis, (rows) => [rows.reduce((total, row) => zip(total, row, f))]),
          nest(x.data, shape),
        );
      expectResult(
        'reduceSum',
        [x],
        { axes },
        combine((a, b) => a + b),
      );
      expectResult('reduceMax', [x], { axes }, combine(Math.max));
    });
  });

  it('resize to the nearest, and depthToSpace', () => {
    const maps = fc.tuple(dimension, dimension, dimension, natural(8), natural(8));
    check(maps, ([c, h, w, moreRows, moreColumns]) => {
      const [height, width] = [moreRows + 1, moreColumns + 1];
      const x = counting([2, c, h, w]);
      const sizes = [2, c, height, width];
      const resized = alongEach(nest(x.data, x.shape), (rows, axis) =>
        Array.from(
          { length: sizes[axis] },
          (_, i) => rows[Math.floor((i * rows.length) / sizes[axis])],
        ),
      );
      expectResult('resize', [x], { mode: 'nearest', height, width }, resized);

      const blocks = counting([1, c * 4, h, w]);
      const maps = nest(blocks.data, [c, 2, 2, h, w]) as number[][][][][];
      const shuffled = Array.from({ length: c }, (_, channel) =>
        Array.from({ length: 2 * h }, (_, row) =>
          Array.from(
            { length: 2 * w },
            (_, column) => maps[channel][row % 2][column % 2][row >> 1][column >> 1],
          ),
        ),
      );
      expectResult('depthToSpace', [blocks], { blockSize: 2 }, [shuffled]);
    });
  });
});
