import { listed, normal, positive, scalar, type ForeignText } from './foreignModel.js';
import type { AttributeValue } from '../../src/onnx/proto.js';
import type { Tensor } from '../../src/tensor/index.js';

export type ForeignCase = readonly [name: string, text: ForeignText];

type Attributes = Readonly<Record<string, AttributeValue>>;

const map = [2, 3, 4, 5] as const;

/** One node `y = opType(x, ...initializers)`. */
function one(
  opType: string,
  variant: string,
  attributes: Attributes = {},
  x: Tensor = normal(map),
  rest: Readonly<Record<string, Tensor>> = {},
  opset = 21,
): ForeignCase {
  const inputs = ['x', ...Object.keys(rest)].join(' ');
  return [
    `${opType}: ${variant} (${opset})`,
    { nodes: [[opType, inputs, 'y', attributes]], inputs: { x }, initializers: rest, opset },
  ];
}

/** One node of two inputs. */
function two(opType: string, a: Tensor, b: Tensor, attributes: Attributes = {}): ForeignCase {
  const text = { nodes: [[opType, 'a b', 'y', attributes]] as const, inputs: { a, b } };
  return [`${opType}: ${a.dtype} [${a.shape.join()}] and [${b.shape.join()}]`, text];
}

const booleans = [
  listed([0, 1, 0, 1], 'bool', [2, 2]),
  listed([0, 0, 1, 1], 'bool', [2, 2]),
] as const;

const elementwise: readonly ForeignCase[] = [
  ...['Neg', 'Abs', 'Sign', 'Exp', 'Sin', 'Cos', 'Tanh', 'Sigmoid', 'Erf', 'Floor', 'Ceil', 'Round',
    'Relu', 'Softplus', 'Softsign', 'Mish', 'HardSwish', 'Selu', 'Elu', 'Celu', 'HardSigmoid',
    'LeakyRelu', 'ThresholdedRelu', 'Gelu', 'Identity', 'IsNaN'].map((op) => one(op, 'plain')), // prettier-ignore
  ...['Log', 'Sqrt', 'Reciprocal'].map((op) => one(op, 'plain', {}, positive(map))),
  one('Softplus', 'far from zero', {}, listed([-200, -20, 0, 20, 200], 'float32')),
  one('LeakyRelu', 'alpha', { alpha: { float: 0.2 } }),
  one('ThresholdedRelu', 'alpha', { alpha: { float: 0.5 } }),
  one('Elu', 'alpha', { alpha: { float: 0.7 } }),
  one('Celu', 'alpha', { alpha: { float: 0.7 } }),
  one('Selu', 'alpha and gamma', { alpha: { float: 1.5 }, gamma: { float: 1.2 } }),
  one('HardSigmoid', 'alpha and beta', { alpha: { float: 0.3 }, beta: { float: 0.4 } }),
  one('Gelu', 'tanh', { approximate: 'tanh' }),
  one('PRelu', 'one slope a channel', {}, normal(map), { slope: normal([3, 1, 1]) }),
  one('PRelu', 'one slope', {}, normal(map), { slope: normal([1]) }),
  one('Swish', 'alpha', { alpha: { float: 1.5 } }, normal(map), {}, 24),
  one('Clip', 'by operands', {}, normal(map), { low: scalar(-0.5), high: scalar(0.25) }),
  one('Clip', 'by attributes', { min: { float: 0 }, max: { float: 6 } }, normal(map), {}, 6 + 1),
  one('Clip', 'one side', {}, normal(map), { low: scalar(0) }),
  ['Clip: by computed bounds', {
    nodes: [['Clip', 'x low _', 'm'], ['Clip', 'm _ high', 'y']],
    inputs: { x: normal(map), low: scalar(-0.5), high: scalar(0.25) },
  }],
  one('Not', 'booleans', {}, booleans[0]),
  ...['And', 'Or', 'Xor', 'Equal'].map((op) => two(op, ...booleans)),
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual'].map(
    (op) => two(op, normal(map), normal([3, 1, 5], 2)),
  ), // prettier-ignore
  ...['LessOrEqual', 'GreaterOrEqual', 'Equal'].map((op) =>
    two(op, listed([1, 2, 3], 'float32'), listed([3, 2, 1], 'float32')),
  ),
  two('Div', listed([-7, 7, 8]), listed([2, 2, -3])),
  two('Mod', listed([-7, 7, 8, -8]), listed([3, -3, 3, -3])),
  two('Mod', listed([-7, 7, 5.5, -5.5], 'float32'), listed([3, -3, 2, 2], 'float32'), { fmod: 1 }),
  two('Pow', positive(map), normal([5])),
  one('Pow', 'integer exponent', {}, normal(map), { exponent: scalar(2, 'int64') }),
  ...['Sum', 'Mean', 'Max', 'Min'].map((op): ForeignCase => [
    `${op}: three`,
    {
      nodes: [[op, 'a b c', 'y']],
      inputs: { a: normal(map), b: normal([4, 1], 2), c: normal([5], 3) },
    },
  ]),
  ['Where: broadcast', {
    nodes: [['Greater', 'x zero', 'c'], ['Where', 'c x b', 'y']],
    inputs: { x: normal(map), b: normal([4, 1], 2) },
    initializers: { zero: scalar(0) },
  }],
  one('Cast', 'to int64', { to: 7 }, listed([-1.75, 0.5, 2.25], 'float32')),
  one('Cast', 'to bool', { to: 9 }, listed([-1.75, 0, 2.25], 'float32')),
  one('CastLike', 'to int32', {}, listed([-1.75, 0, 2.25], 'float32'), { like: listed([1], 'int32') }),
]; // prettier-ignore

const reductions: readonly ForeignCase[] = [
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare'].flatMap(
    (op) => [
      one(op, 'all'),
      one(op, 'axes, kept', {}, normal(map), { axes: listed([-1, 1]) }),
      one(op, 'axes, dropped', { keepdims: 0 }, normal(map), { axes: listed([2]) }),
      one(op, 'no axes', { noop_with_empty_axes: 1 }, normal(map)),
      op === 'ReduceSum'
        ? one(op, 'attribute', { axes: [1, 2], keepdims: 0 }, normal(map), {}, 11)
        : one(op, 'attribute', { axes: [1, 2], keepdims: 0 }, normal(map), {}, 13),
    ],
  ),
  one('ReduceLogSum', 'axes', {}, positive(map), { axes: listed([1]) }),
  ...['Softmax', 'LogSoftmax'].flatMap((op) => [
    one(op, 'default'),
    one(op, 'axis', { axis: 1 }),
    one(op, 'default', {}, normal(map), {}, 11),
    one(op, 'axis', { axis: 2 }, normal(map), {}, 11),
    one(op, 'last axis', { axis: -1 }, normal(map), {}, 11),
  ]),
]; // prettier-ignore

const shapes: readonly ForeignCase[] = [
  one('Reshape', 'rest and copy', {}, normal(map), { shape: listed([0, -1, 5]) }),
  one('Flatten', 'default'),
  one('Flatten', 'axis', { axis: -1 }),
  one('Flatten', 'axis 0', { axis: 0 }),
  one('Squeeze', 'axes', {}, normal([1, 3, 1, 4]), { axes: listed([-2]) }),
  one('Squeeze', 'all', {}, normal([1, 3, 1, 4])),
  one('Squeeze', 'attribute', { axes: [0] }, normal([1, 3, 1, 4]), {}, 11),
  one('Unsqueeze', 'axes', {}, normal([3, 4]), { axes: listed([-1, 0]) }),
  one('Unsqueeze', 'attribute', { axes: [1, 2] }, normal([3, 4]), {}, 11),
  one('Transpose', 'reversed'),
  one('Transpose', 'perm', { perm: [0, 2, 3, 1] }),
  one('Expand', 'both ways', {}, normal([3, 1]), { shape: listed([2, 1, 4]) }),
  one('Tile', 'repeats', {}, normal([2, 3]), { repeats: listed([2, 3]) }),
  one('Slice', 'operands', {}, normal(map), {
    starts: listed([-3, 1]), ends: listed([2 ** 53, 3]), axes: listed([-1, 1]),
  }),
  one('Slice', 'steps', {}, normal(map), {
    starts: listed([4, 0]), ends: listed([-(2 ** 53), 4]), axes: listed([3, 2]), steps: listed([-2, 3]),
  }),
  one('Slice', 'attributes', { starts: [1, 0], ends: [9, -1], axes: [1, 3] }, normal(map), {}, 7),
  one('Pad', 'constant', {}, normal(map), { pads: listed([0, 0, 1, 2, 0, 0, 3, 0]) }),
  one('Pad', 'a value', {}, normal(map), { pads: listed([0, 1, 1, 2, 0, 0, 3, 0]), value: scalar(0.5) }),
  one('Pad', 'axes', { mode: 'reflect' }, normal(map), {
    pads: listed([1, 2, 3, 0]), value: scalar(0), axes: listed([-1, 2]),
  }),
  one('Pad', 'edge', { mode: 'edge' }, normal(map), { pads: listed([0, 0, 1, 2, 0, 0, 3, 1]) }),
  one('Pad', 'negative', {}, normal(map), { pads: listed([0, 0, -1, 2, 0, 0, 0, -2]) }),
  one('Pad', 'attributes', { pads: [0, 0, 1, 2, 0, 0, 3, 0], value: { float: -1 } }, normal(map), {}, 9),
  one('Gather', 'from the back', { axis: 1 }, normal(map), { at: listed([-1, 0], 'int64', [2, 1]) }),
  one('Gather', 'one row, int32', { axis: -1 }, normal(map), { at: scalar(2, 'int32') }),
  ['Gather: fed indices', {
    nodes: [['Gather', 'table at', 'y']],
    inputs: { at: listed([4, 0, 2], 'int32') },
    initializers: { table: normal([5, 3]) },
  }],
  one('ScatterND', 'rows added', { reduction: 'add' }, normal([4, 3]), {
    at: listed([2, 2, 0], 'int64', [3, 1]), rows: normal([3, 3], 2),
  }),
  one('Trilu', 'upper', {}, normal([2, 4, 5])),
  one('Trilu', 'lower, offset', { upper: 0 }, normal([4, 5]), { k: scalar(-1, 'int64') }),
  one('DepthToSpace', 'CRD', { blocksize: 2, mode: 'CRD' }, normal([1, 8, 2, 3])),
  one('DepthToSpace', 'DCR', { blocksize: 2 }, normal([1, 8, 2, 3])),
  one('SpaceToDepth', 'blocks', { blocksize: 2 }, normal([1, 2, 4, 6])),
  one('Dropout', 'inference', {}, normal(map)),
  ['Concat: three', {
    nodes: [['Concat', 'a b a', 'y', { axis: -1 }]],
    inputs: { a: normal([2, 3]), b: normal([2, 1]) },
  }],
  ['Split: equal', {
    nodes: [['Split', 'x', 'a b', { axis: 1 }], ['Sub', 'a b', 'y']],
    inputs: { x: normal([2, 4, 3]) }, opset: 11,
  }],
  ['Split: num_outputs, one smaller', {
    nodes: [['Split', 'x', 'a b', { axis: 1, num_outputs: 2 }]],
    inputs: { x: normal([2, 5, 3]) }, outputs: 'a b',
  }],
  ['Split: sizes', {
    nodes: [['Split', 'x sizes', 'a b c', { axis: -1 }]],
    inputs: { x: normal([2, 6]) }, initializers: { sizes: listed([1, 3, 2]) }, outputs: 'c b a',
  }],
  ['Constant: every kind', {
    nodes: [
      ['Constant', '', 'a', { value: { tensor: normal([3]) } }],
      ['Constant', '', 'b', { value_float: { float: 0.5 } }],
      ['Constant', '', 'c', { value_floats: { floats: [1, 2, 3] } }],
      ['Constant', '', 'd', { value_int: 0 }],
      ['Constant', '', 'e', { value_ints: [1, 3] }],
      ['Sum', 'x a b c', 's'],
      ['Reshape', 's e', 'm'],
      ['Gather', 'm d', 'y'],
    ],
    inputs: { x: normal([3]) },
  }],
  ['ConstantOfShape, Shape, Size and Range: from the shape of x', {
    nodes: [
      ['Shape', 'x', 'shape'],
      ['ConstantOfShape', 'shape', 'ones', { value: { tensor: listed([1], 'float32') } }],
      ['Shape', 'x', 'last', { start: -1 }],
      ['Squeeze', 'last', 'n'],
      ['Range', 'zero n one', 'positions'],
      ['Cast', 'positions', 'row', { to: 1 }],
      ['Size', 'x', 'size'], ['Cast', 'size', 'count', { to: 1 }],
      ['Sum', 'x ones row', 's'], ['Div', 's count', 'y'],
    ],
    inputs: { x: normal([2, 3, 4]) },
    initializers: { zero: scalar(0, 'int64'), one: scalar(1, 'int64') },
  }],
  ['ReduceProd: flattening by a shape', {
    nodes: [
      ['Shape', 'x', 'rows', { end: 2 }], ['ReduceProd', 'rows', 'count'],
      ['Concat', 'count rest', 'shape', { axis: 0 }], ['Reshape', 'x shape', 'y'],
    ],
    inputs: { x: normal([2, 3, 4]) }, initializers: { rest: listed([-1]) },
  }],
]; // prettier-ignore

export const foreignOperatorCases: readonly ForeignCase[] = [
  ...elementwise,
  ...reductions,
  ...shapes,
];
