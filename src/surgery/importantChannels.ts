import { toFloat32 } from '../tensor/index.js';
import type { TensorSource } from '../weights/index.js';
import { nearestFrequencies, range, sinusoidSpace, type ChannelChoice } from './channels.js';
import type { Inheritance } from './inheritance.js';

/**
 * The channels that carry most: of each space those with the largest L2 norm of all the rows of matrices and
 * kernels that write them (Li et al. 2017, with the L2 norm, summed over what shares the space). Of each
 * group of a norm and each head as many stay as of any other, so that a channel is normalised with those
 * that it was trained with. Frequencies of the timestep are the nearest, as in `firstChannels`.
 */
export async function importantChannels(
  inheritance: Inheritance,
  weights: TensorSource,
): Promise<ChannelChoice> {
  const scores = new Map<string, Float64Array>();
  for (const { key, type, axes } of inheritance.values()) {
    if (type.shape.length < 2 || axes[0].every(({ kept, of }) => kept === of)) continue;
    const weight = await weights.read(key);
    const norms = squaredRows(toFloat32(weight), weight.shape[0]);
    let row = 0;
    for (const { space, of } of axes[0]) {
      const sums = scores.get(space) ?? new Float64Array(of);
      for (let channel = 0; channel < of; channel++) sums[channel] += norms[row++];
      scores.set(space, sums);
    }
  }
  const chosen = new Map<string, readonly number[]>();
  return ({ space, kept, of, groups }) => {
    if (space === sinusoidSpace) return nearestFrequencies(kept, of);
    const known = chosen.get(space);
    if (known?.length === kept) return known;
    const sums = scores.get(space) ?? new Float64Array(of);
    const channels = largestOfGroups(sums, kept, groups);
    chosen.set(space, channels);
    return channels;
  };
}

/** The sum of squares of each row. */
function squaredRows(data: Float32Array, rows: number): Float64Array {
  const inner = data.length / rows;
  const sums = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * inner;
    let sum = 0;
    for (let i = row * inner; i < end; i++) sum += data[i] * data[i];
    sums[row] = sum;
  }
  return sums;
}

/** As many of each group, in ascending order; of equals the first. */
function largestOfGroups(scores: Float64Array, kept: number, groups: number): readonly number[] {
  const size = scores.length / groups;
  return range(groups).flatMap((group) => {
    const channels = range(size).map((i) => group * size + i);
    const largest = channels.sort((a, b) => scores[b] - scores[a] || a - b);
    return largest.slice(0, kept / groups).sort((a, b) => a - b);
  });
}
