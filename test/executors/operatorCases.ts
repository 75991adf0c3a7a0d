import {
  GraphBuilder,
  type Attributes,
  type BinaryOp,
  type ComparisonOp,
  type Feeds,
  type Graph,
  type Op,
  type UnaryOp,
} from '../../src/graph/index.js';
import { float32, fromFloat64, Random, tensor, type Tensor } from '../../src/tensor/index.js';
import { blockedConvCases, blockSizes } from './blockedCases.js';
import { convCases, convTransposeCases, convWeightGradientCases } from './convCases.js';
import {
  awayFromZero,
  conditions,
  indices,
  listed,
  normal,
  positive,
  spaced,
  withoutGradient,
  type Operand,
} from './operands.js';
import { tolerances } from './tolerances.js';

/** One operator applied once, to the operands that `feeds` holds; the graph's output is `y`. */
export interface OperatorCase {
  readonly name: string;
  readonly op: Op;
  readonly graph: Graph;
  readonly feeds: Feeds;
  /** The bound on `largestError` between a float32 backend and the interpreter. */
  readonly tolerance: number;
  /** The operands that the result depends on smoothly, at and around these feeds. */
  readonly wrt: readonly string[];
}

/** Operators whose derivative is zero wherever it exists: no gradient passes them. */
export const nonDifferentiable: ReadonlySet<Op> = new Set<Op>([
  'constant', 'sign', 'floor', 'round', 'less', 'greater', 'equal',
]); // prettier-ignore

function operatorCase<O extends Op>(
  op: O,
  variant: string,
  operands: Readonly<Record<string, Operand>>,
  attributes: Attributes[O],
): OperatorCase {
  const name = `${op}: ${variant}`;
  const random = Random.seeded([...name].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7) | 0);
  const builder = new GraphBuilder();
  const feeds: Record<string, Tensor> = {};
  const inputs = Object.entries(operands).map(([key, { shape, dtype, draw }]) => {
    feeds[key] = fromFloat64(dtype, shape, draw(random));
    return builder.input(key, shape, dtype);
  });
  const graph = builder.build({ y: builder.apply(op, inputs, attributes) });
  const smooth = Object.keys(operands).filter((key) => operands[key].differentiable);
  const wrt = nonDifferentiable.has(op) ? [] : smooth;
  return { name, op, graph, feeds, tolerance: tolerances[op], wrt };
}

const map = [2, 3, 4] as const;

const unaryOperands: { readonly [O in UnaryOp]: Operand } = {
  neg: normal(map),
  abs: awayFromZero(map),
  sign: listed([6], [-2, -0.25, -0, 0, 0.25, 3]),
  exp: normal(map),
  log: positive(map),
  sqrt: positive(map),
  sin: normal(map, 3),
  cos: normal(map, 3),
  tanh: normal(map),
  sigmoid: normal(map, 2),
  erf: normal(map),
  floor: listed([6], [-2, -1.5, -0.25, 0, 0.75, 1]),
  round: listed([8], [-2.5, -1.5, -0.5, -0.25, 0.5, 1.5, 2.5, 2.75]),
  relu: awayFromZero(map),
};

const unaryCases = (Object.keys(unaryOperands) as UnaryOp[]).map((op) =>
  operatorCase(op, 'elementwise', { x: unaryOperands[op] }, {}),
);

const activationCases = [
  operatorCase('leakyRelu', 'slope 0.125', { x: awayFromZero(map) }, { alpha: 0.125 }),
  operatorCase('gelu', 'exact', { x: normal(map, 2) }, { approximate: 'none' }),
  operatorCase('gelu', 'tanh', { x: normal(map, 2) }, { approximate: 'tanh' }),
  operatorCase('clip', 'both sides', { x: spaced(map, 0.03) }, { min: -0.25, max: 0.5 }),
  operatorCase('clip', 'one side', { x: spaced(map, 0.03) }, { min: 0, max: Infinity }),
];

const fractions = listed([6], [-2.75, -1, -0.5, 0, 0.5, 3.25]);

const castCases = [
  operatorCase('cast', 'float32 to float16', { x: normal(map) }, { to: 'float16' }),
  operatorCase('cast', 'to int64 truncates', { x: withoutGradient(fractions) }, { to: 'int64' }),
  operatorCase('cast', 'float32 to bool', { x: withoutGradient(fractions) }, { to: 'bool' }),
  operatorCase('cast', 'int64 to float32', { x: indices(map, 9) }, { to: 'float32' }),
  operatorCase('cast', 'bool to float32', { x: conditions(map) }, { to: 'float32' }),
];

const binaryOperands: { readonly [O in BinaryOp]: readonly ((shape: number[]) => Operand)[] } = {
  add: [normal, normal],
  sub: [normal, normal],
  mul: [normal, normal],
  div: [normal, awayFromZero],
  pow: [positive, normal],
  max: [spaced, (shape) => spaced(shape, 1 / 32)],
  min: [spaced, (shape) => spaced(shape, 1 / 32)],
};

const binaryCases = (Object.keys(binaryOperands) as BinaryOp[]).flatMap((op) => {
  const [left, right] = binaryOperands[op];
  return [
    operatorCase(op, 'same shape', { a: left([2, 3]), b: right([2, 3]) }, {}),
    operatorCase(op, 'right broadcast', { a: left([2, 3, 4]), b: right([3, 1]) }, {}),
    operatorCase(op, 'both broadcast', { a: left([4, 1, 5]), b: right([2, 1, 3, 1]) }, {}),
    operatorCase(op, 'scalar on the left', { a: left([]), b: right([2, 3]) }, {}),
  ];
});

const integers = listed([6], [-7, 7, -7, 7, 6, 0], 'int64');
const divisors = listed([6], [2, 2, -2, -2, 3, 5], 'int64');

const integerCases = [
  operatorCase('add', 'int64', { a: integers, b: divisors }, {}),
  operatorCase('div', 'int64 truncates', { a: integers, b: divisors }, {}),
  operatorCase(
    'pow',
    'negative base, whole exponent',
    { a: awayFromZero([6]), b: withoutGradient(listed([6], [2, 3, 1, 2, 3, 4])) },
    {},
  ),
];

const comparisons: readonly ComparisonOp[] = ['less', 'greater', 'equal'];

const comparisonCases = comparisons.flatMap((op) => [
  operatorCase(op, 'same shape', { a: fractions, b: listed([6], [-3, -1, 0, 0, 0.75, 3]) }, {}),
  operatorCase(op, 'broadcast, int64', { a: indices([4, 1], 3), b: indices([2, 1, 3], 3) }, {}),
]);

const whereCases = [
  operatorCase(
    'where',
    'same shape',
    { condition: conditions([2, 3]), a: normal([2, 3]), b: normal([2, 3]) },
    {},
  ),
  operatorCase(
    'where',
    'all broadcast',
    { condition: conditions([2, 1, 4]), a: normal([3, 1]), b: normal([]) },
    {},
  ),
];

const reductions = ['reduceSum', 'reduceMean', 'reduceMax'] as const;

const reductionCases = reductions.flatMap((op) =>
  [[0], [1], [0, 2], [0, 1, 2]].map((axes) =>
    operatorCase(op, `axes ${axes.join(', ')}`, { x: spaced([3, 4, 2]) }, { axes }),
  ),
);

const softmaxCases = [-1, 0, 1].map((axis) =>
  operatorCase('softmax', `axis ${axis}`, { x: normal([3, 4, 5], 2) }, { axis }),
);

const shapeCases = [
  operatorCase('reshape', 'split and merge', { x: normal([2, 3, 4]) }, { shape: [6, 2, 2] }),
  operatorCase('reshape', 'to a scalar', { x: normal([1, 1]) }, { shape: [] }),
  operatorCase('expand', 'axes of one', { x: normal([2, 1, 3, 1]) }, { shape: [2, 4, 3, 5] }),
  operatorCase('expand', 'new axes', { x: normal([3]) }, { shape: [2, 2, 3] }),
  operatorCase('expand', 'a scalar', { x: normal([]) }, { shape: [2, 3] }),
  operatorCase('transpose', 'two axes', { x: normal([3, 4]) }, { perm: [1, 0] }),
  operatorCase('transpose', 'a cycle', { x: normal([2, 3, 4, 5]) }, { perm: [3, 0, 2, 1] }),
  operatorCase('concat', 'one part', { a: normal([2, 3]) }, { axis: 0 }),
  operatorCase(
    'concat',
    'three parts, inner axis',
    { a: normal([2, 1, 3]), b: normal([2, 4, 3]), c: normal([2, 2, 3]) },
    { axis: 1 },
  ),
  operatorCase('concat', 'last axis', { a: normal([2, 3]), b: normal([2, 2]) }, { axis: 1 }),
  operatorCase('depthToSpace', 'blocks of 2', { x: normal([2, 8, 3, 2]) }, { blockSize: 2 }),
  operatorCase('depthToSpace', 'blocks of 3', { x: normal([1, 9, 2, 3]) }, { blockSize: 3 }),
  operatorCase('spaceToDepth', 'blocks of 2', { x: normal([2, 3, 4, 6]) }, { blockSize: 2 }),
  operatorCase('spaceToDepth', 'blocks of 3', { x: normal([1, 2, 3, 6]) }, { blockSize: 3 }),
];

const sliceCases = [
  operatorCase(
    'slice',
    'inner box',
    { x: normal([3, 5, 4]) },
    { starts: [0, 1, 1], ends: [3, 4, 3], steps: [1, 1, 1] },
  ),
  operatorCase(
    'slice',
    'steps of 2 and 3',
    { x: normal([3, 7, 8]) },
    { starts: [0, 1, 0], ends: [3, 7, 8], steps: [1, 2, 3] },
  ),
  operatorCase(
    'slice',
    'reversed to the first',
    { x: normal([3, 5]) },
    { starts: [2, 4], ends: [-1, -1], steps: [-1, -2] },
  ),
  operatorCase(
    'slice',
    'reversed part',
    { x: normal([2, 6]) },
    { starts: [0, 4], ends: [2, 0], steps: [1, -1] },
  ),
];

const padModes = ['constant', 'reflect', 'edge'] as const;

const padCases = padModes.flatMap((mode) => [
  operatorCase(
    'pad',
    `${mode}, a map on all sides`,
    { x: normal([1, 2, 4, 3]) },
    { before: [0, 0, 2, 1], after: [0, 0, 3, 2], mode },
  ),
  operatorCase('pad', `${mode}, one side`, { x: normal([3, 4]) }, { before: [0, 2], after: [0, 0], mode }),
]); // prettier-ignore

const croppingPadCases = [
  operatorCase('pad', 'moved by a row', { x: normal([2, 4, 3]) }, { before: [0, 1, 0], after: [0, -1, 0], mode: 'constant' }),
  operatorCase('pad', 'less on all sides', { x: normal([4, 5]) }, { before: [-1, -2], after: [-1, -1], mode: 'constant' }),
]; // prettier-ignore

const blockCases = blockSizes.flatMap((blockSize) => [
  operatorCase('blockChannels', `blocks of ${blockSize}`, { x: normal([2, 2 * blockSize, 3, 4]) }, { blockSize }),
  ...(['channelsFirst', 'channelsLast'] as const).map((to) =>
    operatorCase('unblockChannels', `blocks of ${blockSize}, ${to}`, { x: normal([2, 2 * blockSize, 3, 4]) }, { blockSize, to }),
  ),
]); // prettier-ignore

const gatherCases = [
  operatorCase('gather', 'rows', { x: normal([5, 3]), at: indices([4], 5) }, { axis: 0 }),
  operatorCase('gather', '2-D indices', { x: normal([2, 5, 3]), at: indices([3, 4], 5) }, { axis: 1 }),
  operatorCase('gather', 'one row', { x: normal([2, 3, 4]), at: indices([], 4) }, { axis: 2 }),
  operatorCase('scatterAdd', 'rows', { at: indices([6], 4), x: normal([6, 3]) }, { axis: 0, size: 4 }),
  operatorCase('scatterAdd', '2-D indices', { at: indices([3, 4], 5), x: normal([2, 3, 4, 3]) }, { axis: 1, size: 5 }),
  operatorCase('scatterAdd', 'one row', { at: indices([], 4), x: normal([2, 3]) }, { axis: 2, size: 4 }),
]; // prettier-ignore

const matmulCases = [
  operatorCase('matmul', 'matrices', { a: normal([3, 4]), b: normal([4, 5]) }, {}),
  operatorCase('matmul', 'batch', { a: normal([2, 3, 4]), b: normal([2, 4, 5]) }, {}),
  operatorCase('matmul', 'broadcast', { a: normal([2, 1, 3, 4]), b: normal([5, 4, 2]) }, {}),
  operatorCase('matmul', 'a weight on the right', { a: normal([2, 3, 4]), b: normal([4, 5]) }, {}),
  operatorCase('matmul', 'a weight on the left', { a: normal([3, 4]), b: normal([2, 4, 5]) }, {}),
];

const normCases = [
  ...[1, 2, 4].map((groups) =>
    operatorCase(
      'groupNorm',
      `${groups} groups of a map`,
      { x: normal([2, 4, 3, 3]), weight: normal([4]), bias: normal([4]) },
      { groups, eps: 1e-5 },
    ),
  ),
  operatorCase(
    'groupNorm',
    'a sequence, large eps',
    { x: normal([2, 6, 5]), weight: normal([6]), bias: normal([6]) },
    { groups: 3, eps: 0.1 },
  ),
  operatorCase(
    'layerNorm',
    'tokens',
    { x: normal([2, 3, 6]), weight: normal([6]), bias: normal([6]) },
    { eps: 1e-5 },
  ),
  operatorCase(
    'layerNorm',
    'rows, large eps',
    { x: normal([4, 5]), weight: normal([5]), bias: normal([5]) },
    { eps: 0.1 },
  ),
];

const resizeModes = ['nearest', 'linear'] as const;

const resizeCases = resizeModes.flatMap((mode) =>
  [[6, 8], [5, 7], [2, 3], [3, 9], [1, 1]].map(([height, width]) =>
    operatorCase('resize', `${mode}, 3x4 to ${height}x${width}`, { x: normal([2, 2, 3, 4]) }, { mode, height, width }),
  ),
); // prettier-ignore

/** Where a source position found in float32 is off by one row. */
const wideResizeCase = operatorCase(
  'resize',
  'nearest, 14x2 to 16x3',
  { x: normal([1, 1, 14, 2]) },
  { mode: 'nearest', height: 16, width: 3 },
);

const constantCases = [
  operatorCase('constant', 'float32', {}, { tensor: float32([2, 2], [1, -2, 0.5, 3]) }),
  operatorCase('constant', 'int64', {}, { tensor: tensor('int64', [3], BigInt64Array.of(-1n, 0n, 7n)) }),
]; // prettier-ignore

/** Every operator in every variant of its attributes, on small operands clear of kinks. */
export const operatorCases: readonly OperatorCase[] = [
  ...constantCases,
  ...unaryCases,
  ...activationCases,
  ...castCases,
  ...binaryCases,
  ...integerCases,
  ...comparisonCases,
  ...whereCases,
  ...reductionCases,
  ...softmaxCases,
  ...shapeCases,
  ...sliceCases,
  ...padCases,
  ...croppingPadCases,
  ...blockCases,
  ...gatherCases,
  ...matmulCases,
  ...convCases.map(([variant, operands, attributes]) =>
    operatorCase('conv', variant, operands, attributes),
  ),
  ...convTransposeCases.map(([variant, operands, attributes]) =>
    operatorCase('convTranspose', variant, operands, attributes),
  ),
  ...convWeightGradientCases.map(([variant, operands, attributes]) =>
    operatorCase('convWeightGradient', variant, operands, attributes),
  ),
  ...blockedConvCases.map(([variant, operands, attributes]) =>
    operatorCase('blockedConv', variant, operands, attributes),
  ),
  ...normCases,
  ...resizeCases,
  wideResizeCase,
];
