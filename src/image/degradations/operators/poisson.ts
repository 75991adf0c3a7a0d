// Counts of rare events for pictures: many samples of few means, one for each of at most 256 levels.

import type { Random } from '../../../tensor/index.js';
import { drawNormals } from './normals.js';

/** From here on a normal number with a correction of its skewness is as good: within 0.001 in distribution. */
const NORMAL_FROM = 30;

/**
 * Poisson counts: of sample i the mean is `means[levels[i]]`. Below a mean of 30 by inversion of the distribution; from there
 * on by a normal number, to the second order of Cornish and Fisher's expansion (1938), rounded.
 */
export function drawPoisson(
  levels: Uint8Array | Uint8ClampedArray,
  means: Float64Array,
  random: Random,
): Float32Array {
  const counts = drawNormals(levels.length, random);
  const deviations = means.map((mean) => (mean < NORMAL_FROM ? 0 : Math.sqrt(mean)));
  const distributions = new Array<Float64Array | undefined>(means.length).fill(undefined);
  for (let i = 0; i < counts.length; i++) {
    const level = levels[i];
    const deviation = deviations[level];
    if (deviation > 0) {
      const normal = counts[i];
      const count = means[level] + deviation * normal + (normal * normal - 1) / 6;
      counts[i] = count > 0 ? Math.floor(count + 0.5) : 0;
    } else {
      const cumulative = (distributions[level] ??= cumulativePoisson(means[level]));
      counts[i] = invert(cumulative, random.uniform());
    }
  }
  return counts;
}

/** The smallest count that is exceeded with no more than what the probability leaves. */
function invert(cumulative: Float64Array, probability: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (probability < cumulative[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The probabilities of at most 0, 1, 2, ... events, until what is left is below 1e-12. */
function cumulativePoisson(mean: number): Float64Array {
  const cumulative: number[] = [];
  let density = Math.exp(-mean);
  let sum = density;
  for (let count = 1; 1 - sum > 1e-12 && count < 200; count++) {
    cumulative.push(sum);
    density *= mean / count;
    sum += density;
  }
  cumulative.push(1);
  return Float64Array.from(cumulative);
}
