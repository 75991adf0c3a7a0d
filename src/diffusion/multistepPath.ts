import type { SchedulerSetup } from './scheduler.js';
import { karrasSigmas, sigmaAt, sigmasOfSchedule, timestepOfSigma } from './sigmas.js';
import { roundHalfEven, spacedTimesteps } from './timestepSpacing.js';

/** Where the multistep solvers in sigma space go: sigmas have one entry more than timesteps, the end. */
export function multistepPath({ config, schedule, steps }: SchedulerSetup): {
  timesteps: number[];
  sigmas: number[];
} {
  const table = sigmasOfSchedule(schedule);
  const end = config.finalSigmasType === 'zero' ? 0 : table[0];
  if (config.useKarrasSigmas) {
    const sigmas = karrasSigmas(table[table.length - 1], table[0], steps);
    const timesteps = sigmas.map((sigma) => roundHalfEven(timestepOfSigma(table, sigma)));
    return { timesteps, sigmas: [...sigmas, end] };
  }
  const { timestepSpacing: spacing, numTrainTimesteps, stepsOffset } = config;
  const options = { spacing, numTrainTimesteps, stepsOffset };
  // Its leading and linspace timesteps leave one out at the end, which the last step goes past.
  const timesteps =
    spacing === 'trailing'
      ? spacedTimesteps(steps, options)
      : spacedTimesteps(steps + 1, options)
          .slice(0, steps)
          .map(roundHalfEven);
  return { timesteps, sigmas: [...timesteps.map((timestep) => sigmaAt(table, timestep)), end] };
}
