import type { GraphBuilder, Value } from '../graph/index.js';
import type { Shape } from '../tensor/index.js';

/**
 * A transposition of `x` as `shape`, which its result has to be reshaped from: without axes of length 1, and with
 * axes that stay neighbours joined. ONNX Runtime moves a single axis several times as fast as several.
 */
export function transposeJoined(
  b: GraphBuilder,
  x: Value,
  shape: Shape,
  perm: readonly number[],
): Value {
  const kept = shape.flatMap((length, axis) => (length === 1 ? [] : [axis]));
  const runs: number[][] = [];
  for (const axis of perm.filter((one) => kept.includes(one)).map((one) => kept.indexOf(one))) {
    const last = runs.at(-1);
    if (last?.at(-1) === axis - 1) last.push(axis);
    else runs.push([axis]);
  }
  const sources = [...runs].sort(([p], [q]) => p - q);
  const lengths = sources.map((run) => run.reduce((all, axis) => all * shape[kept[axis]], 1));
  return b.transpose(
    b.reshape(x, lengths),
    runs.map((run) => sources.indexOf(run)),
  );
}
