import { linearCombination, type Term } from './linearCombination.js';
import { multistepPath } from './multistepPath.js';
import { predictedOriginal } from './predictionType.js';
import type { Scheduler, SchedulerSetup, SchedulerState } from './scheduler.js';
import { levelOfSigma } from './sigmas.js';

/**
 * UniPC (Zhao et al. 2023) on predicted clean samples, multistep: each step first corrects where the one before it has arrived,
 * with the output there, and then predicts the next.
 */
export function unipcScheduler(setup: SchedulerSetup): Scheduler {
  const { config, start } = setup;
  const path = multistepPath(setup);
  const timesteps = path.timesteps.slice(start);
  const sigmas = path.sigmas.slice(start);
  const orderAt = (i: number): number => {
    const left = config.lowerOrderFinal ? timesteps.length - i : Infinity;
    return Math.min(config.solverOrder, i + 1, left);
  };
  /** The sample at `sigmas[i + 1]` from that at `sigmas[i]`; `arrived` is the output there, where it is known. */
  const move = (
    from: Float32Array,
    i: number,
    history: readonly Float32Array[],
    arrived?: Float32Array,
  ): Float32Array => {
    // To no noise at all only the first order is finite.
    const order = sigmas[i + 1] === 0 ? 1 : Math.min(orderAt(i), history.length);
    const [now, next] = [levelOfSigma(sigmas[i]), levelOfSigma(sigmas[i + 1])];
    const newest = history[history.length - 1];
    // lambda = log(alpha / sigma) = -log(sigma of Karras); minus its increase, as clean samples are predicted.
    const h = Math.log(sigmas[i + 1]) - Math.log(sigmas[i]);
    const ratios = Array.from({ length: order - 1 }, (_, k) => {
      return (Math.log(sigmas[i]) - Math.log(sigmas[i - k - 1])) / -h;
    });
    const weights = differenceWeights(ratios, h, config.uniSolver, arrived !== undefined);
    const scale = -next.alpha * (config.uniSolver === 'bh1' ? h : Math.expm1(h));
    const differences = ratios.map((ratio, k): readonly [Float32Array, number] => {
      return [history[history.length - 2 - k], ratio];
    });
    if (arrived) differences.push([arrived, 1]);
    const terms: Term[] = [];
    let ofNewest = -next.alpha * Math.expm1(h);
    differences.forEach(([values, ratio], k) => {
      const factor = (scale * weights[k]) / ratio;
      terms.push([factor, values]);
      ofNewest -= factor;
    });
    return linearCombination([next.sigma / now.sigma, from], [ofNewest, newest], ...terms);
  };
  const corrected = (
    state: SchedulerState,
    arrived: Float32Array,
    sample: Float32Array,
    i: number,
  ) => {
    const isCorrected =
      i > 0 && state.firstSample && !config.uncorrectedSteps.includes(start + i - 1);
    return isCorrected ? move(state.firstSample, i - 1, state.outputs, arrived) : sample;
  };
  return {
    timesteps,
    initNoiseSigma: 1,
    noiseImage(clean, noise) {
      const { alpha, sigma } = levelOfSigma(sigmas[0]);
      return linearCombination([alpha, clean], [sigma, noise]);
    },
    scaleModelInput: (sample) => sample,
    needsNoise: () => false,
    step(state, modelOutput, sample, i) {
      const level = levelOfSigma(sigmas[i]);
      const original = predictedOriginal(config.predictionType, modelOutput, sample, level);
      const from = corrected(state, original, sample, i);
      const history = [...state.outputs.slice(-2), original];
      return {
        state: { outputs: history, firstSample: from },
        sample: move(from, i, history),
        predOriginalSample: original,
      };
    },
  };
}

/**
 * What the differences of earlier outputs, and for the corrector that of the output arrived at, count (theorem 3.1): the
 * solution of the order conditions. The simplest are fixed, as their conditions leave them free up to the order.
 */
function differenceWeights(
  ratios: readonly number[],
  h: number,
  solver: 'bh1' | 'bh2',
  corrects: boolean,
): readonly number[] {
  const nodes = corrects ? [...ratios, 1] : ratios;
  if (nodes.length === 0) return [];
  if (nodes.length === 1) return [0.5];
  const scale = solver === 'bh1' ? h : Math.expm1(h);
  const rows: number[][] = [];
  let [phi, factorial] = [Math.expm1(h) / h - 1, 1];
  nodes.forEach((_, k) => {
    rows.push([...nodes.map((node) => node ** k), (phi * factorial) / scale]);
    factorial *= k + 2;
    phi = phi / h - 1 / factorial;
  });
  return solve(rows);
}

/** Gauss' elimination on rows that end with their right-hand side. */
function solve(rows: readonly (readonly number[])[]): number[] {
  const matrix = rows.map((row) => [...row]);
  const n = matrix.length;
  for (let column = 0; column < n; column++) {
    const rest = matrix.slice(column).map((row) => Math.abs(row[column]));
    const pivot = column + rest.indexOf(Math.max(...rest));
    [matrix[column], matrix[pivot]] = [matrix[pivot], matrix[column]];
    for (let row = 0; row < n; row++) {
      if (row === column) continue;
      const factor = matrix[row][column] / matrix[column][column];
      matrix[row] = matrix[row].map((value, i) => value - factor * matrix[column][i]);
    }
  }
  return matrix.map((row, i) => row[n] / row[i]);
}
