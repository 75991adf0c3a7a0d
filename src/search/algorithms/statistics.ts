/**
 * The number below which a share of all lies, between two of them by their distance (Hyndman and Fan 1996,
 * type 7: what R and NumPy give).
 * @param share from 0 to 1; 0.5 is the median.
 * @throws RangeError for no numbers.
 */
export function quantile(numbers: readonly number[], share: number): number {
  if (numbers.length === 0) throw new RangeError('expected at least one number, got none');
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** Each number's place from the smallest, 1; equal ones share the mean of their places. */
export function ranks(numbers: readonly number[]): number[] {
  const order = numbers.map((_, i) => i).sort((a, b) => numbers[a] - numbers[b]);
  const result = new Array<number>(numbers.length).fill(0);
  let first = 0;
  while (first < order.length) {
    let end = first + 1;
    while (end < order.length && numbers[order[end]] === numbers[order[first]]) end++;
    for (let i = first; i < end; i++) result[order[i]] = (first + 1 + end) / 2;
    first = end;
  }
  return result;
}

/**
 * Pearson's coefficient of correlation, from -1 to 1; NaN where either list is constant.
 * @throws RangeError for lists of different lengths.
 */
export function pearson(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) {
    throw new RangeError(`expected lists of one length, got ${a.length} and ${b.length}`);
  }
  const [meanA, meanB] = [a, b].map((list) => list.reduce((sum, x) => sum + x, 0) / list.length);
  let [product, squareA, squareB] = [0, 0, 0];
  a.forEach((x, i) => {
    const [da, db] = [x - meanA, b[i] - meanB];
    product += da * db;
    squareA += da ** 2;
    squareB += db ** 2;
  });
  return product / Math.sqrt(squareA * squareB);
}

/** Spearman's coefficient: how far two lists agree on the order, from -1 to 1 (Pearson's of the ranks). */
export function spearman(a: readonly number[], b: readonly number[]): number {
  return pearson(ranks(a), ranks(b));
}

/** The line `slope * x + intercept` with the least squares. */
export function fitLine(
  x: readonly number[],
  y: readonly number[],
): { readonly slope: number; readonly intercept: number } {
  const [meanX, meanY] = [x, y].map((list) => list.reduce((sum, v) => sum + v, 0) / list.length);
  const covariance = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i] - meanY), 0);
  const variance = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const slope = covariance / variance;
  return { slope, intercept: meanY - slope * meanX };
}
