import { ddimScheduler } from './ddim.js';
import { ddpmScheduler } from './ddpm.js';
import { deisScheduler } from './deis.js';
import { dpmSolverScheduler } from './dpmSolver.js';
import { eulerAncestralScheduler, eulerScheduler } from './euler.js';
import { heunScheduler } from './heun.js';
import { lcmScheduler } from './lcm.js';
import { createNoiseSchedule } from './noiseSchedule.js';
import { pndmScheduler } from './pndm.js';
import type { Scheduler, SchedulerOptions, SchedulerSetup } from './scheduler.js';
import { isOfSigmas, type SchedulerConfig } from './schedulerConfig.js';
import { imageToImageStart, roundHalfEven, spacedTimesteps } from './timestepSpacing.js';
import { unipcScheduler } from './unipc.js';

/**
 * The scheduler of a configuration, for a number of steps.
 * @throws RangeError when the steps, eta, strength or prediction type cannot be.
 */
export function createScheduler(
  config: SchedulerConfig,
  steps: number,
  { eta = 0, strength = 1 }: SchedulerOptions = {},
): Scheduler {
  if (!(eta >= 0 && eta <= 1)) throw new RangeError(`expected an eta of 0 to 1, got ${eta}`);
  checkPrediction(config);
  const { timestepSpacing: spacing, numTrainTimesteps, stepsOffset } = config;
  const spaced = spacedTimesteps(steps, { spacing, numTrainTimesteps, stepsOffset });
  const start = imageToImageStart(steps, strength);
  const setup: SchedulerSetup = { config, schedule: createNoiseSchedule(config), steps, start };
  const timesteps = spaced.map(roundHalfEven).slice(start);
  switch (config.name) {
    case 'ddpm':
      return ddpmScheduler(setup, timesteps);
    case 'ddim':
      return ddimScheduler(setup, timesteps, eta);
    case 'pndm':
      return pndmScheduler(setup, timesteps);
    case 'euler':
      return eulerScheduler(setup, spaced);
    case 'euler-a':
      return eulerAncestralScheduler(setup, spaced);
    case 'heun':
      return heunScheduler(setup, spaced);
    case 'dpm++':
      return dpmSolverScheduler(setup);
    case 'deis':
      return deisScheduler(setup);
    case 'unipc':
      return unipcScheduler(setup);
    case 'lcm':
      return lcmScheduler(setup, strength);
  }
}

function checkPrediction({ name, predictionType, rescaleBetasZeroSnr }: SchedulerConfig): void {
  if (name === 'pndm' && predictionType === 'sample') {
    throw new RangeError('expected epsilon or v_prediction for the pndm scheduler, got sample');
  }
  const infinite = !isOfSigmas(name);
  if (infinite && rescaleBetasZeroSnr && predictionType === 'epsilon') {
    throw new RangeError(
      `expected v_prediction or sample for the ${name} scheduler with rescale_betas_zero_snr ` +
        '(the noise says nothing about the sample at SNR 0), got epsilon',
    );
  }
}
