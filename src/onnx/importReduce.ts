import type { Value } from '../graph/index.js';
import { elementCount, normalizeAxis } from '../tensor/index.js';
import type { FoldingBuilder } from './foldingBuilder.js';
import type { ForeignNode, ImportRule } from './foreignNode.js';

type ReduceOp = 'reduceSum' | 'reduceMean' | 'reduceMax';

/** Axes as an attribute (older operator sets) or as operand 1, counted from the front. */
export function axesOf(node: ForeignNode, rank: number): number[] | undefined {
  const axes = node.attributes.ints('axes', undefined) ?? node.numbers(1);
  return axes?.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
}

/** A reduction of what `before` makes of the operand, and `after` of its result. */
function reduction(op: ReduceOp, before = identity, after = identity): ImportRule {
  return (node) => {
    const { builder: b, attributes } = node;
    const x = node.value(0);
    const keepsAxes = attributes.int('keepdims', 1) === 1;
    const isIdleWithoutAxes = attributes.int('noop_with_empty_axes', 0) === 1;
    const listed = axesOf(node, x.shape.length) ?? [];
    const all = isIdleWithoutAxes ? [] : x.shape.map((_, axis) => axis);
    const axes = listed.length > 0 ? listed : all;
    const mapped = before(b, x);
    const reduced = after(b, axes.length > 0 ? b.apply(op, [mapped], { axes }) : mapped);
    const left = x.shape.filter((_, axis) => !axes.includes(axis));
    return keepsAxes || axes.length === 0 ? reduced : b.reshape(reduced, left);
  };
}

type Step = (b: FoldingBuilder, x: Value) => Value;

function identity(_: FoldingBuilder, x: Value): Value {
  return x;
}

const negate: Step = (b, x) => b.neg(x);
const square: Step = (b, x) => b.mul(x, x);
const abs: Step = (b, x) => b.apply('abs', [x], {});
const sqrt: Step = (b, x) => b.apply('sqrt', [x], {});
const log: Step = (b, x) => b.apply('log', [x], {});

/** The product of known integers: of a shape, that is. */
function importReduceProd(node: ForeignNode): Value {
  const [factors, x] = [node.numbers(0) ?? [], node.value(0)];
  const keepsAxes = node.attributes.int('keepdims', 1) === 1;
  node.attributes.int('noop_with_empty_axes', 0);
  axesOf(node, x.shape.length);
  if (x.shape.length !== 1) throw new Error('expected the product of a vector');
  const product = node.builder.scalar(elementCount(factors), x.dtype);
  return keepsAxes ? node.builder.reshape(product, [1]) : product;
}

/**
 * Applies `along` to one axis. Before operator set 13 the axes from `axis` on count as one, and the default
 * is 1; from then on the default is the last.
 */
function alongAxis(along: (b: FoldingBuilder, x: Value, axis: number) => Value): ImportRule {
  return (node) => {
    const { builder: b, opset, attributes } = node;
    const x = node.value(0);
    const rank = x.shape.length;
    if (opset >= 13) return along(b, x, normalizeAxis(attributes.int('axis', -1), rank));
    const axis = normalizeAxis(attributes.int('axis', 1), rank);
    if (axis === rank - 1) return along(b, x, axis);
    const rows = [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))];
    return b.reshape(along(b, b.reshape(x, rows), 1), x.shape);
  };
}

function logSoftmax(b: FoldingBuilder, x: Value, axis: number): Value {
  const axes = [axis];
  const shifted = b.sub(x, b.apply('reduceMax', [x], { axes }));
  const sum = b.reduceSum(b.apply('exp', [shifted], {}), axes);
  return b.sub(shifted, b.apply('log', [sum], {}));
}

/** Operators that combine elements along axes. */
export const reduceRules: Readonly<Record<string, ImportRule>> = {
  ReduceSum: reduction('reduceSum'),
  ReduceMean: reduction('reduceMean'),
  ReduceMax: reduction('reduceMax'),
  ReduceMin: reduction('reduceMax', negate, negate),
  ReduceL1: reduction('reduceSum', abs),
  ReduceL2: reduction('reduceSum', square, sqrt),
  ReduceSumSquare: reduction('reduceSum', square),
  ReduceLogSum: reduction('reduceSum', identity, log),
  ReduceProd: importReduceProd,
  Softmax: alongAxis((b, x, axis) => b.apply('softmax', [x], { axis })),
  LogSoftmax: alongAxis(logSoftmax),
};
