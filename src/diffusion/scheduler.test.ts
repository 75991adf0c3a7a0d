import { describe, expect, it } from 'vitest';
import { parseConfig } from '../models/parseConfig.js';
import { Random } from '../tensor/index.js';
import { createScheduler } from './createScheduler.js';
import { guide } from './guidance.js';
import { predictionTarget, predictionTypes, type PredictionType } from './predictionType.js';
import {
  checkSampling,
  schedulerConfig,
  schedulerConfigSchema,
  schedulerNames,
  schedulerNotices,
  type SchedulerName,
} from './schedulerConfig.js';
import { initialSchedulerState, type Scheduler } from './scheduler.js';
import { levelOfSigma } from './sigmas.js';

/** As the original SD 1.5 checkpoint has it. */
const published = {
  _class_name: 'PNDMScheduler',
  _diffusers_version: '0.6.0',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
};
const parse = (json: object) => parseConfig(schedulerConfigSchema, json, 'scheduler_config.json');
const configFor = (name: SchedulerName, predictionType: PredictionType = 'epsilon') => ({
  ...schedulerConfig(parse(published), name),
  predictionType,
});

describe('a scheduler config', () => {
  it('reads the published file for every scheduler, each with its own defaults', () => {
    expect(schedulerConfig(parse(published))).toMatchObject({
      name: 'pndm',
      predictionType: 'epsilon',
      timestepSpacing: 'leading',
      stepsOffset: 1,
      setAlphaToOne: false,
      clipSampleRange: null,
    });
    expect(configFor('euler').timestepSpacing).toBe('linspace');
    const defaults = parse({ _class_name: 'DDIMScheduler' });
    expect(schedulerConfig(defaults)).toMatchObject({ clipSampleRange: 1, betaSchedule: 'linear' });
  });

  it('names what it does not know or support', () => {
    const wrong = {
      ...published,
      betas: 1,
      prediction_type: 'flow_prediction',
      _class_name: 'Flow',
    };
    expect(() => parse({ ...published, betas: 1 })).toThrow(
      'scheduler_config.json: betas: no such key',
    );
    expect(() => parse(wrong)).toThrow('prediction_type: expected epsilon, v_prediction or sample');
    expect(() => parse(wrong)).toThrow('_class_name: expected the class of a scheduler');
    expect(() => parse({ ...published, use_flow_sigmas: true })).toThrow('use_flow_sigmas');
  });

  it('passes keys that newer versions add and that change nothing, with a notice', () => {
    const file = parse({
      ...published,
      flow_shift: 1,
      brand_new: null,
      lambda_min_clipped: -Infinity,
    });
    expect(schedulerNotices(file)).toEqual([
      "ignored of the scheduler's config: flow_shift, brand_new",
    ]);
    expect(schedulerConfig(file, 'dpm++').name).toBe('dpm++');
  });

  it.each(['LMSDiscreteScheduler', 'KDPM2DiscreteScheduler', 'TCDScheduler', 'EDMEulerScheduler'])(
    'reads that of a %s, which asks for another sampler',
    (className) => {
      const file = parse({ ...published, _class_name: className, gamma: 0.3 });
      expect(schedulerNotices(file)[0]).toContain(className);
      expect(() => checkSampling(file)).toThrow(`got ${className} of the checkpoint: choose one`);
      expect(() => checkSampling(file, 'euler')).not.toThrow();
      expect(schedulerConfig(file, 'euler')).toMatchObject({ betaSchedule: 'scaled_linear' });
    },
  );

  it('refuses to sample as asked only where the sampler would have to', () => {
    const file = parse({
      ...published,
      _class_name: 'DPMSolverMultistepScheduler',
      algorithm_type: 'sde-dpmsolver++',
      solver_order: 3,
      use_exponential_sigmas: true,
    });
    expect(() => checkSampling(file)).toThrow(
      'expected what the dpm++ scheduler can do, got use_exponential_sigmas true, solver_order 3, algorithm_type sde-dpmsolver++',
    );
    expect(() => checkSampling(file, 'ddim')).not.toThrow();
  });
});

/** Runs a denoiser that knows the clean sample. */
function denoise(
  scheduler: Scheduler,
  start: Float32Array,
  clean: Float32Array,
  levels: (i: number) => { alpha: number; sigma: number },
  type: PredictionType,
): Float32Array {
  const random = Random.seeded(5);
  let [state, sample] = [initialSchedulerState, start];
  scheduler.timesteps.forEach((_, i) => {
    const { alpha, sigma } = levels(i);
    const input = scheduler.scaleModelInput(sample, i);
    const noise = input.map((x, k) => (x - alpha * clean[k]) / sigma);
    const output = predictionTarget(type, clean, noise, { alpha, sigma });
    const before = sample.slice();
    const drawn = scheduler.needsNoise(i) ? random.normals(sample.length) : undefined;
    const step = scheduler.step(state, output, sample, i, drawn);
    expect(sample).toEqual(before);
    ({ state, sample } = step);
  });
  return sample;
}

describe('every scheduler', () => {
  const cases = schedulerNames.flatMap((name) =>
    predictionTypes
      .filter((type) => !(name === 'pndm' && type === 'sample'))
      .map((type) => ({ name, type })),
  );

  it.each(cases)('$name with a perfect $type finds the clean sample', ({ name, type }) => {
    const random = Random.seeded(1);
    const [clean, noise] = [random.normals(64), random.normals(64)];
    const config = configFor(name, type);
    const scheduler = createScheduler(config, 20);
    // What an image becomes at each step's level tells the level, whatever space the scheduler works in.
    const levels = (i: number) => levelOfTimestep(scheduler.timesteps[i]);
    const start = noise.map((x) => x * scheduler.initNoiseSigma);
    const found = denoise(scheduler, start, clean, levels, type);
    const error = Math.max(...found.map((x, i) => Math.abs(x - clean[i])));
    // Some end at timestep 0, where 3 % of noise is left.
    expect(error).toBeLessThan(0.15);
  });

  it.each(schedulerNames)('%s starts image-to-image at the level of its first step', (name) => {
    const scheduler = createScheduler(configFor(name), 20, { strength: 0.5 });
    expect(scheduler.timesteps[0]).toBeLessThan(600);
    const noised = scheduler.noiseImage(Float32Array.of(1, 0), Float32Array.of(0, 1));
    const { alpha, sigma } = levelOfTimestep(scheduler.timesteps[0]);
    const [signal, noise] = scheduler.scaleModelInput(noised, 0);
    expect(signal).toBeCloseTo(alpha, 3);
    expect(noise).toBeCloseTo(sigma, 3);
  });

  it.each(schedulerNames)('%s refuses what cannot be', (name) => {
    expect(() => createScheduler(configFor(name), 0)).toThrow('steps, got 0');
    expect(() => createScheduler(configFor(name), 10, { strength: 2 })).toThrow(
      'expected a strength above 0 and at most 1, got 2',
    );
    const scheduler = createScheduler(configFor(name), 10);
    if (!scheduler.needsNoise(0)) return;
    const sample = new Float32Array(2);
    expect(() => scheduler.step(initialSchedulerState, sample, sample, 0)).toThrow(
      'expected noise for step 0, got none',
    );
  });
});

/** From the definition: the product of 1 - beta of the published schedule. */
function levelOfTimestep(timestep: number) {
  const share = (upTo: number) => {
    let product = 1;
    for (let t = 0; t <= upTo; t++) {
      const root = 0.00085 ** 0.5 + ((0.012 ** 0.5 - 0.00085 ** 0.5) * t) / 999;
      product *= 1 - root ** 2;
    }
    return product;
  };
  const sigmaOf = (t: number) => Math.sqrt(1 / share(t) - 1);
  const low = Math.floor(timestep);
  const part = timestep - low;
  return levelOfSigma(sigmaOf(low) * (1 - part) + sigmaOf(low + 1) * part);
}

describe('timesteps', () => {
  it('repeat the second of PNDM, wherever it starts', () => {
    const timesteps = (strength: number) =>
      createScheduler(configFor('pndm'), 10, { strength }).timesteps;
    expect(timesteps(1).slice(0, 4)).toEqual([901, 801, 801, 701]);
    expect(timesteps(0.5)).toEqual([401, 301, 301, 201, 101, 1]);
    expect(timesteps(0.1)).toEqual([1]);
    expect(() => timesteps(0.01)).toThrow('expected a strength of at least 0.10 at 10 steps');
  });

  it('of LCM are at most those it was distilled on', () => {
    expect(createScheduler(configFor('lcm'), 4).timesteps).toEqual([999, 759, 499, 259]);
    expect(() => createScheduler(configFor('lcm'), 51)).toThrow(
      'expected 1 to 50 steps of LCM at strength 1, got 51',
    );
  });
});

it('refuses to predict what cannot be predicted', () => {
  expect(() => createScheduler(configFor('pndm', 'sample'), 10)).toThrow(
    'expected epsilon or v_prediction for the pndm scheduler, got sample',
  );
  const zeroSnr = { ...configFor('ddim'), rescaleBetasZeroSnr: true };
  expect(() => createScheduler(zeroSnr, 10)).toThrow('got epsilon');
});

it('guides from the unconditional output towards the conditional one', () => {
  const [from, to] = [Float32Array.of(1, 0), Float32Array.of(2, 4)];
  expect([...guide(from, to, 7.5)]).toEqual([8.5, 30]);
  expect([...guide(from, to, 1)]).toEqual([2, 4]);
});
