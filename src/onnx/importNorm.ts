import type { Value } from '../graph/index.js';
import { elementCount, normalizeAxis, zeros } from '../tensor/index.js';
import type { FoldingBuilder } from './foldingBuilder.js';
import type { ForeignNode, ImportRule } from './foreignNode.js';

/** A vector of one number a channel, shaped to broadcast over `[N, C, ...]`. */
function perChannel(b: FoldingBuilder, vector: Value, rank: number): Value {
  return b.reshape(vector, [vector.shape[0], ...new Array<number>(rank - 2).fill(1)]);
}

/** A multiplication and an addition, whose factors ONNX Runtime computes once from the params. */
function importBatchNormalization(node: ForeignNode): Value {
  const { builder: b, attributes } = node;
  const [x, weight, bias, mean, variance] = node.values();
  attributes.float('momentum', 0.9);
  if (attributes.int('training_mode', 0) !== 0) {
    throw new Error('expected inference, got training_mode 1');
  }
  if (attributes.int('spatial', 1) !== 1) throw new Error('expected spatial 1, got 0');
  const eps = attributes.float('epsilon', 1e-5);
  const factor = b.div(weight, b.apply('sqrt', [b.shift(variance, eps)], {}));
  const offset = b.sub(bias, b.mul(mean, factor));
  const rank = x.shape.length;
  return b.add(b.mul(x, perChannel(b, factor, rank)), perChannel(b, offset, rank));
}

function importInstanceNormalization(node: ForeignNode): Value {
  const x = node.value(0);
  const eps = node.attributes.float('epsilon', 1e-5);
  const operands = [x, node.value(1), node.value(2)];
  return node.builder.apply('groupNorm', operands, { groups: x.shape[1], eps });
}

/** Before operator set 21, weight and bias were one number a group. */
function importGroupNormalization(node: ForeignNode): Value {
  const { builder: b, attributes } = node;
  const x = node.value(0);
  const groups = attributes.int('num_groups', 1);
  const eps = attributes.float('epsilon', 1e-5);
  requireFloatStatistics(node);
  const [weight, bias] = [1, 2].map((i) => {
    const vector = node.value(i);
    if (node.opset >= 21) return vector;
    const c = x.shape[1];
    return b.reshape(b.expand(b.reshape(vector, [groups, 1]), [groups, c / groups]), [c]);
  });
  return b.apply('groupNorm', [x, weight, bias], { groups, eps });
}

function importLayerNormalization(node: ForeignNode): Value {
  const { builder: b, attributes } = node;
  const x = node.value(0);
  const axis = normalizeAxis(attributes.int('axis', -1), x.shape.length);
  const eps = attributes.float('epsilon', 1e-5);
  requireFloatStatistics(node);
  const c = elementCount(x.shape.slice(axis));
  const rows = b.reshape(x, [...x.shape.slice(0, axis), c]);
  const weight = b.reshape(node.value(1), [c]);
  const bias = node.has(2) ? b.reshape(node.value(2), [c]) : b.constant(zeros(x.dtype, [c]));
  return b.reshape(b.apply('layerNorm', [rows, weight, bias], { eps }), x.shape);
}

/** x / sqrt(mean(x ** 2) + eps) * weight over the axes from `axis` on. */
function importRmsNormalization(node: ForeignNode): Value {
  const { builder: b, attributes } = node;
  const x = node.value(0);
  const axis = normalizeAxis(attributes.int('axis', -1), x.shape.length);
  const eps = attributes.float('epsilon', 1e-5);
  requireFloatStatistics(node);
  const axes = x.shape.map((_, i) => i).slice(axis);
  const meanSquare = b.reduceMean(b.mul(x, x), axes);
  const rms = b.apply('sqrt', [b.shift(meanSquare, eps)], {});
  return b.mul(b.div(x, rms), node.value(1));
}

/** The dtype of mean and variance; ours are at least float32. */
function requireFloatStatistics({ attributes }: ForeignNode): void {
  const stash = attributes.int('stash_type', 1);
  if (stash !== 1) throw new Error(`expected stash_type 1 (float32), got ${stash}`);
}

function importLpNormalization(node: ForeignNode): Value {
  const { builder: b, attributes } = node;
  const x = node.value(0);
  const axes = [normalizeAxis(attributes.int('axis', -1), x.shape.length)];
  const p = attributes.int('p', 2);
  if (p !== 1 && p !== 2) throw new Error(`expected p 1 or 2, got ${p}`);
  const norm =
    p === 1
      ? b.reduceSum(b.apply('abs', [x], {}), axes)
      : b.apply('sqrt', [b.reduceSum(b.mul(x, x), axes)], {});
  const [zero, one] = [0, 1].map((value) => b.scalar(value, x.dtype));
  const isZero = b.apply('equal', [norm, zero], {});
  return b.div(x, b.apply('where', [isZero, one, norm], {}));
}

/** Normalisations. */
export const normRules: Readonly<Record<string, ImportRule>> = {
  BatchNormalization: importBatchNormalization,
  InstanceNormalization: importInstanceNormalization,
  GroupNormalization: importGroupNormalization,
  LayerNormalization: importLayerNormalization,
  RMSNormalization: importRmsNormalization,
  LpNormalization: importLpNormalization,
};
