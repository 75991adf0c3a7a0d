import { float32, toFloat64, type Tensor, type Weights } from '../tensor/index.js';
import { WeightsError } from './errors.js';

/**
 * Network interpolation (Wang et al., ESRGAN, section 3.4): each weight on the straight line from one set to the other,
 * `(1 - share) from + share to`, as float32. At 0 and 1 it is one of the sets as it is.
 * @throws WeightsError where the sets are not of one network; RangeError for a share outside 0 to 1.
 */
export function interpolateWeights(from: Weights, to: Weights, share: number): Weights {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`expected a share of 0 to 1, got ${share}`);
  checkAlike(from, to);
  if (share === 0) return from;
  if (share === 1) return to;
  const between = (name: string, start: Tensor): Tensor => {
    const end = toFloat64(to.get(name) ?? start);
    return float32(
      start.shape,
      toFloat64(start).map((value, i) => value + share * (end[i] - value)),
    );
  };
  return new Map([...from].map(([name, start]) => [name, between(name, start)]));
}

function checkAlike(from: Weights, to: Weights): void {
  const shapes = (weights: Weights): Map<string, string> =>
    new Map([...weights].map(([name, { shape }]) => [name, `[${shape.join(', ')}]`]));
  const [ours, theirs] = [shapes(from), shapes(to)];
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  const problems = [...names].flatMap((name) => {
    const [a, b] = [ours.get(name) ?? 'none', theirs.get(name) ?? 'none'];
    return a === b ? [] : [`${name}: ${a} in one set and ${b} in the other`];
  });
  if (problems.length === 0) return;
  const more = problems.length > 3 ? `, and ${problems.length - 3} more` : '';
  throw new WeightsError(
    `expected two sets of weights of one network: ${problems.slice(0, 3).join(', ')}${more}`,
  );
}
