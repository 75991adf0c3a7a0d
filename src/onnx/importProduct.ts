import type { Pair, Value } from '../graph/index.js';
import type { FoldingBuilder } from './foldingBuilder.js';
import type { ForeignNode, ImportRule } from './foreignNode.js';
import { pairOf, readWindow, samePads, type Window } from './importWindow.js';

/** A vector counts as a row on the left and as a column on the right, and its axis goes again. */
function importMatMul(node: ForeignNode): Value {
  const { builder: b } = node;
  const [a, c] = [node.value(0), node.value(1)];
  const left = a.shape.length === 1 ? b.reshape(a, [1, ...a.shape]) : a;
  const right = c.shape.length === 1 ? b.reshape(c, [...c.shape, 1]) : c;
  const product = b.matmul(left, right);
  const columns = c.shape.length === 1 ? [] : product.shape.slice(-1);
  const rows = a.shape.length === 1 ? [] : product.shape.slice(-2, -1);
  if (a.shape.length > 1 && c.shape.length > 1) return product;
  return b.reshape(product, [...product.shape.slice(0, -2), ...rows, ...columns]);
}

function importGemm(node: ForeignNode): Value {
  const { builder: b, attributes } = node;
  const operand = (i: number, attribute: string): Value => {
    const x = node.value(i);
    return attributes.int(attribute, 0) === 1 ? b.transpose(x, [1, 0]) : x;
  };
  const product = b.matmul(operand(0, 'transA'), operand(1, 'transB'));
  const scaled = b.scale(product, attributes.float('alpha', 1));
  const beta = attributes.float('beta', 1);
  return node.has(2) ? b.add(scaled, b.scale(node.value(2), beta)) : scaled;
}

/** Runs `of` on maps: a sequence `[N, C, L]` becomes `[N, C, 1, L]` meanwhile, and its kernel likewise. */
function onMaps(node: ForeignNode, of: (x: Value, weight: Value) => Value): Value {
  const { builder: b } = node;
  const [x, weight] = [node.value(0), node.value(1)];
  if (x.shape.length === 4) return of(x, weight);
  if (x.shape.length !== 3) {
    throw new Error(`expected one or two spatial axes, got ${x.shape.length - 2}`);
  }
  const result = of(asMap(b, x), asMap(b, weight));
  return b.reshape(result, [result.shape[0], result.shape[1], result.shape[3]]);
}

function asMap(b: FoldingBuilder, x: Value): Value {
  const [n, c, length] = x.shape;
  return b.reshape(x, [n, c, 1, length]);
}

function kernelOf(node: ForeignNode, weight: Value): Pair {
  const kernel = pairOf(weight.shape.slice(2), 1);
  const listed = node.attributes.ints('kernel_shape', weight.shape.slice(2));
  if (pairOf(listed, 1).join() !== kernel.join()) {
    throw new Error(`expected kernel_shape ${kernel.join(', ')}, got ${listed.join(', ')}`);
  }
  return kernel;
}

function importConv(node: ForeignNode): Value {
  return onMaps(node, (x, weight) => {
    const spatial: Pair = [x.shape[2], x.shape[3]];
    const { strides, pads, dilations } = readWindow(node, spatial, kernelOf(node, weight));
    const groups = node.attributes.int('group', 1);
    const bias = node.optionalValue(2) ?? null;
    return node.builder.conv(x, weight, bias, { strides, pads, dilations, groups });
  });
}

function importConvTranspose(node: ForeignNode): Value {
  return onMaps(node, (x, weight) => {
    const { attributes } = node;
    const spatial: Pair = [x.shape[2], x.shape[3]];
    const window = readWindow(node, spatial, kernelOf(node, weight));
    const given = pairOf(attributes.ints('output_padding', []), 0);
    const sizes = attributes.ints('output_shape', undefined);
    const autoPad = attributes.string('auto_pad', 'NOTSET');
    const same: Pair = [spatial[0] * window.strides[0], spatial[1] * window.strides[1]];
    const wanted = sizes ? pairOf(sizes, 1) : autoPad.startsWith('SAME') ? same : undefined;
    const { pads, outputPadding } = wanted
      ? paddingFor(wanted, spatial, window, given, autoPad)
      : { pads: window.pads, outputPadding: given };
    return node.builder.convTranspose(x, weight, node.optionalValue(2) ?? null, {
      strides: window.strides,
      dilations: window.dilations,
      pads,
      outputPadding,
      groups: attributes.int('group', 1),
    });
  });
}

/** The padding that gives a transposed convolution the size wanted; what is too small grows at its end. */
function paddingFor(
  wanted: Pair,
  spatial: Pair,
  { kernel, strides, dilations }: Window,
  outputPadding: Pair,
  autoPad: string,
): { pads: Window['pads']; outputPadding: Pair } {
  const measure = (i: 0 | 1): number => {
    const extent = dilations[i] * (kernel[i] - 1) + 1;
    return (spatial[i] - 1) * strides[i] + extent + outputPadding[i] - wanted[i];
  };
  const totals = [measure(0), measure(1)];
  const missing = totals.map((n) => Math.max(0, -n));
  const trimmed = totals.map((n) => Math.max(0, n));
  return {
    pads: samePads(trimmed, autoPad === 'SAME_UPPER' ? autoPad : 'SAME_LOWER'),
    outputPadding: [outputPadding[0] + missing[0], outputPadding[1] + missing[1]],
  };
}

/** Matrix products and convolutions. */
export const productRules: Readonly<Record<string, ImportRule>> = {
  MatMul: importMatMul,
  Gemm: importGemm,
  Conv: importConv,
  ConvTranspose: importConvTranspose,
};
