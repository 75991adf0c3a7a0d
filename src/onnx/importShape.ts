import type { Value } from '../graph/index.js';
import { broadcastShapes, elementCount } from '../tensor/index.js';
import type { ForeignNode, ImportRule } from './foreignNode.js';
import { axesOf } from './importReduce.js';

function importReshape(node: ForeignNode): Value {
  const x = node.value(0);
  const wanted = node.attributes.ints('shape', undefined) ?? node.numbers(1) ?? [];
  const keepsZeros = node.attributes.int('allowzero', 0) === 1;
  const copied = wanted.map((n, axis) => (n === 0 && !keepsZeros ? x.shape[axis] : n));
  const rest = elementCount(x.shape) / elementCount(copied.filter((n) => n !== -1));
  return node.builder.reshape(
    x,
    copied.map((n) => (n === -1 ? rest : n)),
  );
}

function importFlatten(node: ForeignNode): Value {
  const x = node.value(0);
  const axis = node.attributes.int('axis', 1);
  const split = axis < 0 ? axis + x.shape.length : axis;
  const rows = elementCount(x.shape.slice(0, split));
  return node.builder.reshape(x, [rows, elementCount(x.shape) / rows]);
}

function importSqueeze(node: ForeignNode): Value {
  const x = node.value(0);
  const axes = axesOf(node, x.shape.length) ?? x.shape.flatMap((n, i) => (n === 1 ? [i] : []));
  return node.builder.reshape(
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );
}

function importUnsqueeze(node: ForeignNode): Value {
  const x = node.value(0);
  const count = (node.attributes.ints('axes', undefined) ?? node.numbers(1) ?? []).length;
  const axes = axesOf(node, x.shape.length + count) ?? [];
  const shape = [...x.shape];
  for (const axis of axes) shape.splice(axis, 0, 1);
  return node.builder.reshape(x, shape);
}

function importTranspose(node: ForeignNode): Value {
  const x = node.value(0);
  const reversed = x.shape.map((_, axis) => x.shape.length - 1 - axis);
  return node.builder.transpose(x, node.attributes.ints('perm', reversed));
}

function importExpand(node: ForeignNode): Value {
  const x = node.value(0);
  return node.builder.expand(x, broadcastShapes(x.shape, node.numbers(1) ?? []));
}

function importTile(node: ForeignNode): Value {
  const { builder: b } = node;
  const x = node.value(0);
  const repeats = node.numbers(1) ?? [];
  const apart = b.reshape(
    x,
    x.shape.flatMap((n) => [1, n]),
  );
  const copies = b.expand(
    apart,
    x.shape.flatMap((n, axis) => [repeats[axis], n]),
  );
  return b.reshape(
    copies,
    x.shape.map((n, axis) => n * repeats[axis]),
  );
}

function importDepthToSpace(node: ForeignNode): Value {
  const { builder: b, attributes } = node;
  const x = node.value(0);
  const block = attributes.int('blocksize', 1);
  const mode = attributes.string('mode', 'DCR');
  if (mode === 'CRD') return b.pixelShuffle(x, block);
  const [n, c, h, w] = x.shape;
  const channels = c / (block * block);
  const pixelFirst = b.reshape(x, [n, block * block, channels, h, w]);
  const channelFirst = b.transpose(pixelFirst, [0, 2, 1, 3, 4]);
  return b.pixelShuffle(b.reshape(channelFirst, [n, c, h, w]), block);
}

function importSpaceToDepth(node: ForeignNode): Value {
  const { builder: b } = node;
  const x = node.value(0);
  const block = node.attributes.int('blocksize', 1);
  const [n, c] = x.shape;
  const unshuffled = b.pixelUnshuffle(x, block);
  if (node.attributes.string('mode', 'DCR') === 'CRD') return unshuffled;
  const [, , h, w] = unshuffled.shape;
  const channelFirst = b.reshape(unshuffled, [n, c, block * block, h, w]);
  return b.reshape(b.transpose(channelFirst, [0, 2, 1, 3, 4]), unshuffled.shape);
}

/** Operators that change how elements are arranged, or nothing. */
export const shapeRules: Readonly<Record<string, ImportRule>> = {
  Identity: (node) => node.known(0),
  Dropout: (node) => {
    node.attributes.int('seed', 0);
    node.attributes.float('ratio', 0);
    if (node.numbers(2)?.[0] === 1) throw new Error('expected inference, got training_mode 1');
    return node.known(0);
  },
  Reshape: importReshape,
  Flatten: importFlatten,
  Squeeze: importSqueeze,
  Unsqueeze: importUnsqueeze,
  Transpose: importTranspose,
  Expand: importExpand,
  Tile: importTile,
  DepthToSpace: importDepthToSpace,
  SpaceToDepth: importSpaceToDepth,
};
