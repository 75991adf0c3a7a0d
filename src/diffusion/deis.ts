import { linearCombination, type Term } from './linearCombination.js';
import { multistepPath } from './multistepPath.js';
import { predictedOriginal } from './predictionType.js';
import type { Scheduler, SchedulerSetup } from './scheduler.js';
import { levelOfSigma, sigmasOfSchedule } from './sigmas.js';

/** Below this many steps the last ones are of lower order. */
const FEW_STEPS = 15;

/**
 * DEIS (Zhang and Chen 2023) in its multistep form with polynomials in log rho: the noise is interpolated through the last
 * outputs, and the interpolant integrated exactly. `rho` is Karras' sigma. It ends at the level of timestep 0.
 */
export function deisScheduler(setup: SchedulerSetup): Scheduler {
  const { config, start, steps } = setup;
  const path = multistepPath(setup);
  const timesteps = path.timesteps.slice(start);
  const last = timesteps.length - 1;
  const end = config.useKarrasSigmas
    ? path.sigmas[path.sigmas.length - 2]
    : sigmasOfSchedule(setup.schedule)[0];
  const sigmas = [...path.sigmas.slice(start, -1), end];
  const orderAt = (i: number, known: number): number => {
    const isEasedOff = config.lowerOrderFinal && steps < FEW_STEPS;
    const left = isEasedOff ? last - i + 1 : Infinity;
    return Math.min(config.solverOrder, known, left);
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
    step({ outputs }, modelOutput, sample, i) {
      const level = levelOfSigma(sigmas[i]);
      const original = predictedOriginal(config.predictionType, modelOutput, sample, level);
      const noise = linearCombination(
        [1 / level.sigma, sample],
        [-level.alpha / level.sigma, original],
      );
      const history = [...outputs.slice(-2), noise];
      const order = orderAt(i, history.length);
      const next = levelOfSigma(sigmas[i + 1]);
      const nodes = Array.from({ length: order }, (_, k) => sigmas[i - k]);
      const weights = integrals(nodes, sigmas[i], sigmas[i + 1]);
      const terms = weights.map((weight, k): Term => [
        next.alpha * weight,
        history[history.length - 1 - k],
      ]);
      return {
        state: { outputs: history },
        sample: linearCombination([next.alpha / level.alpha, sample], ...terms),
        predOriginalSample: original,
      };
    },
  };
}

/** The integrals from `from` to `to` of Lagrange's polynomials in the logarithm, through up to three nodes. */
function integrals(nodes: readonly number[], from: number, to: number): number[] {
  const logs = nodes.map(Math.log);
  return logs.map((own, k) => {
    const others = logs.filter((_, i) => i !== k);
    const scale = others.reduce((product, other) => product * (own - other), 1);
    const antiderivative = (rho: number): number => {
      const x = Math.log(rho);
      const [c = 0, d = 0] = others;
      if (others.length === 0) return rho;
      if (others.length === 1) return rho * (x - 1 - c);
      return rho * (x * x - (2 + c + d) * x + 2 + c + d + c * d);
    };
    return (antiderivative(to) - antiderivative(from)) / scale;
  });
}
