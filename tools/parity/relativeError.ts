import { z } from 'zod';
import { toFloat64, type Tensor } from '../../src/tensor/index.js';
import type { CheckResult } from './check.js';

/** A case's tolerance: the L2 norm of the difference, and its largest element, each as a part of what is expected. */
export const relativeToleranceSchema = z.object({ rel_l2: z.number(), max_rel: z.number() });

export type RelativeTolerance = z.output<typeof relativeToleranceSchema>;

/** Both errors of one tensor; Infinity where the shapes differ. */
export function relativeErrors(
  name: string,
  actual: Tensor,
  expected: Tensor,
  tolerance: RelativeTolerance,
): CheckResult[] {
  const { l2, largest } = compare(actual, expected);
  return [
    { name: `${name} (relative L2)`, error: l2, tolerance: tolerance.rel_l2 },
    { name: `${name} (largest)`, error: largest, tolerance: tolerance.max_rel },
  ];
}

function compare(actual: Tensor, expected: Tensor): { l2: number; largest: number } {
  if (actual.shape.join() !== expected.shape.join()) return { l2: Infinity, largest: Infinity };
  const [a, b] = [toFloat64(actual), toFloat64(expected)];
  let [squares, total, largest, peak] = [0, 0, 0, 0];
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (Number.isNaN(difference)) return { l2: NaN, largest: NaN };
    squares += difference ** 2;
    total += b[i] ** 2;
    largest = Math.max(largest, difference);
    peak = Math.max(peak, Math.abs(b[i]));
  }
  return { l2: Math.sqrt(squares / total), largest: largest / peak };
}
