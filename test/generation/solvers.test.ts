import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createScheduler,
  initialSchedulerState,
  schedulerConfig,
  schedulerConfigSchema,
  type SchedulerName,
} from '../../src/diffusion/index.js';

interface Case {
  readonly scheduler: SchedulerName;
  readonly config: object;
  readonly steps: number;
  readonly timesteps: readonly number[];
  readonly samples: readonly (readonly number[])[];
}

/** Trajectories that PyTorch computed with the formulas of diffusers' schedulers, in float32. */
const goldens = JSON.parse(readFileSync(new URL('solvers.json', import.meta.url), 'utf8')) as {
  readonly initial: readonly number[];
  readonly cases: readonly Case[];
};

const published = {
  _class_name: 'PNDMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  steps_offset: 1,
};
const configOf = (name: SchedulerName, more: object) =>
  schedulerConfig(schedulerConfigSchema.parse({ ...published, ...more }), name);

describe('Heun, DEIS and UniPC', () => {
  it.each(goldens.cases)('$scheduler with $config goes the way of diffusers', (one) => {
    const scheduler = createScheduler(configOf(one.scheduler, one.config), one.steps);
    scheduler.timesteps.forEach((t, i) => expect(t).toBeCloseTo(one.timesteps[i], 2));
    let state = initialSchedulerState;
    let sample: Float32Array = Float32Array.from(goldens.initial, (x) => {
      return x * scheduler.initNoiseSigma;
    });
    for (const [i, wanted] of one.samples.entries()) {
      const scale = Math.max(1, ...wanted.map(Math.abs));
      wanted.forEach((value, k) => expect(Math.abs(sample[k] - value) / scale).toBeLessThan(2e-5));
      if (i === scheduler.timesteps.length) break;
      const input = scheduler.scaleModelInput(sample, i);
      const output = input.map((x) => 0.1 * x + Math.sin(scheduler.timesteps[i] / 1000));
      ({ state, sample } = scheduler.step(state, output, sample, i));
    }
  });
});
