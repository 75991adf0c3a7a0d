import type { Pair, Value } from '../graph/index.js';
import { fromFloat64, type Tensor } from '../tensor/index.js';
import type { ForeignNode, ImportRule } from './foreignNode.js';
import { pairOf, readWindow, type Window } from './importWindow.js';
import { padWith } from './importPad.js';

interface Pool extends Window {
  readonly spatial: Pair;
  readonly outputs: Pair;
  /** Rows below and columns right of the padding that `ceil_mode` makes the last windows reach into. */
  readonly overhang: Pair;
}

function readPool(node: ForeignNode, x: Value): Pool {
  if (x.shape.length !== 4) throw new Error(`expected a map, got ${x.shape.length} axes`);
  const spatial: Pair = [x.shape[2], x.shape[3]];
  const window = readWindow(node, spatial, pairOf(node.attributes.ints('kernel_shape', []), 1));
  const isCeil = node.attributes.int('ceil_mode', 0) === 1;
  const { kernel, strides, dilations, pads } = window;
  const measure = (i: 0 | 1): [outputs: number, overhang: number] => {
    const extent = dilations[i] * (kernel[i] - 1) + 1;
    const padded = spatial[i] + pads[i] + pads[i + 2];
    const steps = (padded - extent) / strides[i];
    const outputs = (isCeil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window that would start in the padding at the end is left out.
    const startsOutside = isCeil && (outputs - 1) * strides[i] >= spatial[i] + pads[i];
    const kept = startsOutside ? outputs - 1 : outputs;
    return [kept, Math.max(0, (kept - 1) * strides[i] + extent - padded)];
  };
  const [rows, columns] = [measure(0), measure(1)];
  return {
    ...window,
    spatial,
    outputs: [rows[0], columns[0]],
    overhang: [rows[1], columns[1]],
  };
}

/** A convolution of each channel with ones, divided by how many elements each window covers. */
function importAveragePool(node: ForeignNode): Value {
  const { builder: b } = node;
  const x = node.value(0);
  const pool = readPool(node, x);
  const { kernel, strides, dilations, pads, overhang } = pool;
  const countsPadding = node.attributes.int('count_include_pad', 0) === 1;
  const c = x.shape[1];
  const ones = b.expand(b.scalar(1, x.dtype), [c, 1, ...kernel]);
  const sums = b.conv(x, ones, null, {
    strides,
    dilations,
    pads: [pads[0], pads[1], pads[2] + overhang[0], pads[3] + overhang[1]],
    groups: c,
  });
  return b.div(sums, b.constant(coverage(pool, countsPadding, x.dtype)));
}

/** How many elements (of the padded map, or of the map alone) each window covers: `[H, W]`. */
function coverage(pool: Pool, countsPadding: boolean, dtype: Value['dtype']): Tensor {
  const { kernel, strides, dilations, pads, spatial, outputs } = pool;
  const [rows, columns] = ([0, 1] as const).map((i) =>
    Array.from({ length: outputs[i] }, (_, at) => {
      const low = countsPadding ? -pads[i] : 0;
      const high = spatial[i] + (countsPadding ? pads[i + 2] : 0);
      const taps = Array.from({ length: kernel[i] }, (_, k) => {
        return at * strides[i] - pads[i] + k * dilations[i];
      });
      return taps.filter((tap) => tap >= low && tap < high).length;
    }),
  );
  const counts = rows.flatMap((row) => columns.map((column) => row * column));
  return fromFloat64(dtype, outputs, counts);
}

/** The maximum over shifted maps, rows first and then columns. */
function importMaxPool(node: ForeignNode): Value {
  const { builder: b, attributes } = node;
  const x = node.value(0);
  const { kernel, strides, dilations, pads, outputs, overhang } = readPool(node, x);
  // The layout of the second output, which we do not have.
  attributes.int('storage_order', 0);
  const before = [0, 0, pads[0], pads[1]];
  const after = [0, 0, pads[2] + overhang[0], pads[3] + overhang[1]];
  const padded = padWith(b, x, before, after, -Infinity);
  return ([0, 1] as const).reduce((value, i) => {
    const shifted = Array.from({ length: kernel[i] }, (_, k) => {
      const start = k * dilations[i];
      return b.apply('slice', [value], {
        starts: value.shape.map((_, axis) => (axis === i + 2 ? start : 0)),
        ends: value.shape.map((n, axis) =>
          axis === i + 2 ? start + (outputs[i] - 1) * strides[i] + 1 : n,
        ),
        steps: value.shape.map((_, axis) => (axis === i + 2 ? strides[i] : 1)),
      });
    });
    return shifted.reduce((a, c) => b.apply('max', [a, c], {}));
  }, padded);
}

/** A reduction over all spatial axes. */
function importGlobal(op: 'reduceMean' | 'reduceMax'): ImportRule {
  return (node) => {
    const x = node.value(0);
    const axes = x.shape.map((_, axis) => axis).slice(2);
    return node.builder.apply(op, [x], { axes });
  };
}

/** Pooling, by way of operators that we have. */
export const poolRules: Readonly<Record<string, ImportRule>> = {
  AveragePool: importAveragePool,
  MaxPool: importMaxPool,
  GlobalAveragePool: importGlobal('reduceMean'),
  GlobalMaxPool: importGlobal('reduceMax'),
};
