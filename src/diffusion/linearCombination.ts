/** A factor and what it multiplies. */
export type Term = readonly [factor: number, values: Float32Array];

/**
 * The sum of `factor * values` over the terms, element by element: float64 inside, rounded once. Terms of
 * factor 0 are left out, so that infinities elsewhere cannot turn them into NaN.
 * @throws RangeError when the terms differ in length.
 */
export function linearCombination(...terms: readonly Term[]): Float32Array {
  const length = terms[0][1].length;
  const wrong = terms.find(([, values]) => values.length !== length);
  if (wrong) throw new RangeError(`expected ${length} elements, got ${wrong[1].length}`);
  const sum = new Float64Array(length);
  for (const [factor, values] of terms) {
    if (factor === 0) continue;
    for (let i = 0; i < length; i++) sum[i] += factor * values[i];
  }
  return Float32Array.from(sum);
}
