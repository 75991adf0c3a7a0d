import type { BinaryOp, ComparisonOp, UnaryOp, Value } from '../graph/index.js';
import type { FoldingBuilder } from './foldingBuilder.js';
import type { ForeignNode, ImportRule } from './foreignNode.js';
import { readDType } from './readProto.js';

function unary(op: UnaryOp): ImportRule {
  return (node) => node.builder.apply(op, [node.value(0)], {});
}

function binary(op: BinaryOp | ComparisonOp): ImportRule {
  return (node) => node.builder.apply(op, [node.value(0), node.value(1)], {});
}

/** An operator of any number of operands, taken two at a time. */
function variadic(op: 'add' | 'max' | 'min'): ImportRule {
  return (node) => node.values().reduce((a, b) => node.builder.apply(op, [a, b], {}));
}

/** A function of one operand, composed from our operators. */
function composed(of: (b: FoldingBuilder, x: Value, node: ForeignNode) => Value): ImportRule {
  return (node) => of(node.builder, node.value(0), node);
}

function not(b: FoldingBuilder, x: Value): Value {
  return b.apply('equal', [x, b.scalar(0, 'bool')], {});
}

function exp(b: FoldingBuilder, x: Value): Value {
  return b.apply('exp', [x], {});
}

function clip(b: FoldingBuilder, x: Value, min: number, max: number): Value {
  return b.apply('clip', [x], { min, max });
}

/** log(1 + exp(x)), which must not overflow. */
function softplus(b: FoldingBuilder, x: Value): Value {
  const decay = exp(b, b.neg(b.apply('abs', [x], {})));
  return b.add(b.relu(x), b.apply('log', [b.shift(decay, 1)], {}));
}

/** exp(x) - 1 below zero, 0 above. */
function negativeExp(b: FoldingBuilder, x: Value): Value {
  return b.shift(exp(b, clip(b, x, -Infinity, 0)), -1);
}

function elu(b: FoldingBuilder, x: Value, alpha: number): Value {
  return b.add(b.relu(x), b.scale(negativeExp(b, x), alpha));
}

function importClip(node: ForeignNode): Value {
  const { attributes, builder: b } = node;
  const x = node.value(0);
  const known = [1, 2].every((i) => !node.has(i) || node.elements(i) !== undefined);
  if (known) {
    const min = attributes.float('min', node.numbers(1)?.[0]) ?? -Infinity;
    const max = attributes.float('max', node.numbers(2)?.[0]) ?? Infinity;
    return clip(b, x, min, max);
  }
  const raised = node.has(1) ? b.apply('max', [x, node.value(1)], {}) : x;
  return node.has(2) ? b.apply('min', [raised, node.value(2)], {}) : raised;
}

function importGelu(b: FoldingBuilder, x: Value, { attributes }: ForeignNode): Value {
  const approximate = attributes.string('approximate', 'none');
  if (approximate === 'none' || approximate === 'tanh')
    return b.apply('gelu', [x], { approximate });
  throw new Error(`expected approximate none or tanh, got ${approximate}`);
}

/** The remainder with the divisor's sign (fmod 0, integers) or with the dividend's (fmod 1). */
function importMod(b: FoldingBuilder, x: Value, node: ForeignNode): Value {
  const exact = [x, node.value(1)].map((operand) => b.apply('cast', [operand], { to: 'float64' }));
  const quotient = b.div(exact[0], exact[1]);
  const floored =
    node.attributes.int('fmod', 0) === 0
      ? b.apply('floor', [quotient], {})
      : b.mul(
          b.apply('sign', [quotient], {}),
          b.apply('floor', [b.apply('abs', [quotient], {})], {}),
        );
  return b.apply('cast', [b.sub(exact[0], b.mul(floored, exact[1]))], { to: x.dtype });
}

/** Operators that work element by element. */
export const elementwiseRules: Readonly<Record<string, ImportRule>> = {
  Neg: unary('neg'),
  Abs: unary('abs'),
  Sign: unary('sign'),
  Exp: unary('exp'),
  Log: unary('log'),
  Sqrt: unary('sqrt'),
  Sin: unary('sin'),
  Cos: unary('cos'),
  Tanh: unary('tanh'),
  Sigmoid: unary('sigmoid'),
  Erf: unary('erf'),
  Floor: unary('floor'),
  Round: unary('round'),
  Relu: unary('relu'),
  Ceil: composed((b, x) => b.neg(b.apply('floor', [b.neg(x)], {}))),
  Reciprocal: composed((b, x) => b.div(b.scalar(1, x.dtype), x)),
  Not: composed(not),
  IsNaN: composed((b, x) => not(b, b.apply('equal', [x, x], {}))),
  Cast: composed((b, x, { attributes }) => {
    // Only 8-bit floats saturate, and those we do not have.
    attributes.int('saturate', 1);
    return b.apply('cast', [x], { to: readDType(attributes.int('to', 0)) });
  }),
  CastLike: composed((b, x, node) => {
    node.attributes.int('saturate', 1);
    return b.apply('cast', [x], { to: node.value(1).dtype });
  }),

  LeakyRelu: composed((b, x, { attributes }) =>
    b.apply('leakyRelu', [x], { alpha: attributes.float('alpha', 0.01) }),
  ),
  PRelu: composed((b, x, node) => b.sub(b.relu(x), b.mul(node.value(1), b.relu(b.neg(x))))),
  ThresholdedRelu: composed((b, x, { attributes }) => {
    const threshold = b.scalar(attributes.float('alpha', 1), x.dtype);
    const above = b.apply('greater', [x, threshold], {});
    return b.apply('where', [above, x, b.scalar(0, x.dtype)], {});
  }),
  Gelu: composed(importGelu),
  Elu: composed((b, x, { attributes }) => elu(b, x, attributes.float('alpha', 1))),
  Selu: composed((b, x, { attributes }) => {
    const alpha = attributes.float('alpha', 1.6732632423543772);
    return b.scale(elu(b, x, alpha), attributes.float('gamma', 1.0507009873554805));
  }),
  Celu: composed((b, x, { attributes }) => {
    const alpha = attributes.float('alpha', 1);
    return b.add(b.relu(x), b.scale(negativeExp(b, b.scale(x, 1 / alpha)), alpha));
  }),
  Softplus: composed(softplus),
  Softsign: composed((b, x) => b.div(x, b.shift(b.apply('abs', [x], {}), 1))),
  Mish: composed((b, x) => b.mul(x, b.apply('tanh', [softplus(b, x)], {}))),
  Swish: composed((b, x, { attributes }) =>
    b.mul(x, b.sigmoid(b.scale(x, attributes.float('alpha', 1)))),
  ),
  HardSigmoid: composed((b, x, { attributes }) => {
    const scaled = b.scale(x, attributes.float('alpha', 0.2));
    return clip(b, b.shift(scaled, attributes.float('beta', 0.5)), 0, 1);
  }),
  HardSwish: composed((b, x) => b.mul(x, clip(b, b.shift(b.scale(x, 1 / 6), 0.5), 0, 1))),
  Clip: importClip,

  Add: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  Div: binary('div'),
  Mod: composed(importMod),
  Pow: composed((b, x, node) => {
    const exponent = node.value(1);
    const same = exponent.dtype === x.dtype;
    return b.apply('pow', [x, same ? exponent : b.apply('cast', [exponent], { to: x.dtype })], {});
  }),
  Less: binary('less'),
  Greater: binary('greater'),
  Equal: binary('equal'),
  LessOrEqual: composed((b, x, node) => not(b, b.apply('greater', [x, node.value(1)], {}))),
  GreaterOrEqual: composed((b, x, node) => not(b, b.apply('less', [x, node.value(1)], {}))),
  And: composed((b, x, node) => b.apply('where', [x, node.value(1), b.scalar(0, 'bool')], {})),
  Or: composed((b, x, node) => b.apply('where', [x, b.scalar(1, 'bool'), node.value(1)], {})),
  Xor: composed((b, x, node) => not(b, b.apply('equal', [x, node.value(1)], {}))),
  Max: variadic('max'),
  Min: variadic('min'),
  Sum: variadic('add'),
  Mean: (node) => {
    const parts = node.values();
    return node.builder.scale(
      parts.reduce((a, b) => node.builder.add(a, b)),
      1 / parts.length,
    );
  },
  Where: (node) => node.builder.apply('where', [node.value(0), node.value(1), node.value(2)], {}),
};
