import { linearCombination, type Term } from './linearCombination.js';
import { noiseLevel } from './noising.js';
import { predictedNoise, predictedOriginal } from './predictionType.js';
import {
  finalLevel,
  previousLevel,
  variancePreserving,
  type Scheduler,
  type SchedulerSetup,
} from './scheduler.js';

/** Adams-Bashforth weights of the newest output and those before it, by how many there are. */
const adamsBashforth = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * PNDM with linear multistep (Liu et al. 2022), without Runge-Kutta steps before: the second timestep is called
 * twice, because the first step is done again with the average of the outputs at its two ends.
 */
export function pndmScheduler(setup: SchedulerSetup, spaced: readonly number[]): Scheduler {
  const { config, schedule, steps } = setup;
  const stride = Math.floor(config.numTrainTimesteps / steps);
  const timesteps = [...spaced.slice(0, 2), ...spaced.slice(1)];
  return {
    ...variancePreserving(setup, timesteps),
    needsNoise: () => false,
    step({ outputs, firstSample }, modelOutput, sample, i) {
      const again = i === 1;
      const timestep = again ? timesteps[i] + stride : timesteps[i];
      const origin = again && firstSample ? firstSample : sample;
      const history = again ? outputs : [...outputs.slice(-3), modelOutput];
      const output = again
        ? linearCombination([1 / 2, modelOutput], [1 / 2, outputs[0]])
        : multistep(history);
      const level = noiseLevel(schedule, timestep);
      const previous = previousLevel(schedule, timestep - stride, finalLevel(setup));
      const epsilon = predictedNoise(config.predictionType, output, origin, level);
      const original = predictedOriginal(config.predictionType, output, origin, level);
      return {
        state: i === 0 ? { outputs: history, firstSample: sample } : { outputs: history },
        sample: linearCombination([previous.alpha, original], [previous.sigma, epsilon]),
        predOriginalSample: original,
      };
    },
  };
}

function multistep(history: readonly Float32Array[]): Float32Array {
  const weights = adamsBashforth[history.length - 1];
  const terms = weights.map((weight, k): Term => [weight, history[history.length - 1 - k]]);
  return linearCombination(...terms);
}
