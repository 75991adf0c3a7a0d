/**
 * Averages the gradients of one parameter over the shards of a batch, in place into the first of them, and returns
 * the sum of its squares. One pass over memory for both, and two chains of sums, because this runs while every other
 * thread waits.
 */
export function averageGradient([mean, ...others]: readonly Float32Array[]): number {
  const share = 1 / (others.length + 1);
  const last = others.pop();
  for (const other of others) for (let i = 0; i < mean.length; i++) mean[i] += other[i];
  return last ? averagePair(mean, last, share) : sumOfSquares(mean);
}

function averagePair(mean: Float32Array, last: Float32Array, share: number): number {
  let even = 0;
  let odd = 0;
  const whole = mean.length - (mean.length % 2);
  for (let i = 0; i < whole; i += 2) {
    const first = (mean[i] + last[i]) * share;
    const second = (mean[i + 1] + last[i + 1]) * share;
    mean[i] = first;
    mean[i + 1] = second;
    even += first * first;
    odd += second * second;
  }
  if (whole === mean.length) return even + odd;
  mean[whole] = (mean[whole] + last[whole]) * share;
  return even + odd + mean[whole] ** 2;
}

/** In float64; NaN and infinities show. */
export function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum;
}

/**
 * What gradients of a joint L2 norm are multiplied by, so that it is at most `maxNorm`:
 * `min(1, maxNorm / (norm + 1e-6))`, as torch does.
 */
export function clipFactor(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
