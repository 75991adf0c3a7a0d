import type { Attributes, Value } from '../graph/index.js';
import { normalizeAxis } from '../tensor/index.js';
import type { FoldingBuilder } from './foldingBuilder.js';
import type { ForeignNode, ImportRule } from './foreignNode.js';

/** Surrounds a value with copies of a number. */
export function padWith(
  b: FoldingBuilder,
  x: Value,
  before: readonly number[],
  after: readonly number[],
  fill: number,
): Value {
  if (fill === 0) return b.pad(x, before, after);
  return x.shape.reduce((padded, _, axis) => {
    const part = (length: number): Value[] => {
      if (length === 0) return [];
      const shape = padded.shape.map((n, i) => (i === axis ? length : n));
      return [b.expand(b.scalar(fill, x.dtype), shape)];
    };
    return b.concat([...part(before[axis]), padded, ...part(after[axis])], axis);
  }, x);
}

/** Pads, mode and fill as attributes (before operator set 11) or operands; negative pads crop. */
function importPad(node: ForeignNode): Value {
  const { attributes, builder: b } = node;
  const x = node.value(0);
  const rank = x.shape.length;
  const pads = attributes.ints('pads', undefined) ?? node.numbers(1) ?? [];
  const fill = attributes.float('value', undefined) ?? node.numbers(2)?.[0] ?? 0;
  const axes = (node.numbers(3) ?? x.shape.map((_, i) => i)).map((i) => normalizeAxis(i, rank));
  const side = (offset: number): number[] =>
    x.shape.map((_, axis) => (axes.includes(axis) ? pads[axes.indexOf(axis) + offset] : 0));
  const [before, after] = [side(0), side(axes.length)];
  const cropped = crop(b, x, before, after);
  const [more, moreAfter] = [before, after].map((counts) => counts.map((n) => Math.max(n, 0)));
  const mode = modeOf(attributes.string('mode', 'constant'));
  if (mode === 'constant') return padWith(b, cropped, more, moreAfter, fill);
  return b.apply('pad', [cropped], { before: more, after: moreAfter, mode });
}

function crop(
  b: FoldingBuilder,
  x: Value,
  before: readonly number[],
  after: readonly number[],
): Value {
  if ([...before, ...after].every((n) => n >= 0)) return x;
  return b.apply('slice', [x], {
    starts: x.shape.map((_, axis) => Math.max(0, -before[axis])),
    ends: x.shape.map((n, axis) => n - Math.max(0, -after[axis])),
    steps: x.shape.map(() => 1),
  });
}

function modeOf(mode: string): Attributes['pad']['mode'] {
  if (mode === 'constant' || mode === 'reflect' || mode === 'edge') return mode;
  throw new Error(`expected mode constant, reflect or edge, got ${mode}`);
}

/** Padding. */
export const padRules: Readonly<Record<string, ImportRule>> = { Pad: importPad };
