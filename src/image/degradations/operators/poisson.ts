// Counts of rare events for pictures: many samples of few means, one for each of at most 256 levels.

/** From here on a normal number with a correction of its skewness is as good (a distance of 0.001 in distribution). */
const NORMAL_FROM = 30;

/** Draws counts of one mean. */
export interface PoissonSampler {
  /** A count from a uniform number in [0, 1) and a standard normal one, of which one is used. */
  readonly sample: (uniform: number, normal: number) => number;
  /** Whether the uniform number is used. */
  readonly needsUniform: boolean;
}

/**
 * Below a mean of 30 by inversion of the distribution; from there on by a normal number, to the second order of
 * Cornish and Fisher's expansion (1938), rounded.
 */
export function poissonSampler(mean: number): PoissonSampler {
  if (mean >= NORMAL_FROM) {
    const deviation = Math.sqrt(mean);
    const sample = (_: number, normal: number): number =>
      Math.max(0, Math.round(mean + deviation * normal + (normal * normal - 1) / 6));
    return { sample, needsUniform: false };
  }
  const cumulative = cumulativePoisson(mean);
  const last = cumulative.length - 1;
  const sample = (uniform: number): number => {
    let count = 0;
    while (count < last && uniform >= cumulative[count]) count++;
    return count;
  };
  return { sample, needsUniform: true };
}

/** The probabilities of at most 0, 1, 2, ... events, until what is left is below 1e-10. */
function cumulativePoisson(mean: number): Float64Array {
  const cumulative: number[] = [];
  let density = Math.exp(-mean);
  let sum = density;
  for (let count = 1; 1 - sum > 1e-10 && count < 200; count++) {
    cumulative.push(sum);
    density *= mean / count;
    sum += density;
  }
  cumulative.push(1);
  return Float64Array.from(cumulative);
}
