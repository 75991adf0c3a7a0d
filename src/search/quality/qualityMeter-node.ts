import { createScheduler, schedulerConfig, schedulerConfigSchema } from '../../diffusion/index.js';
import type { Session } from '../../graph/index.js';
import type { Image } from '../../image/index.js';
import {
  ConfigError,
  nanosdUnet,
  stagedUnetOf,
  type StagedUnetConfig,
} from '../../models/index.js';
import type { OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import type { NodeExecutor } from '../../runtime/nodeExecutor-node.js';
import { elementCount, toFloat32 } from '../../tensor/index.js';
import type { Checkpoint } from '../../weights/index.js';
import { decodePictures } from './decodePictures-node.js';
import { compareWith, pairedLatentDistance, type FeatureComparison } from './featureDistance.js';
import {
  openFeatureNetwork,
  type FeatureChoice,
  type FeatureNetwork,
} from './featureNetwork-node.js';
import { sampleLatents, type SampleOptions, type SamplePlan } from './sampleLatents.js';
import { samplePrompts, type SamplePrompt } from './samplePrompts-node.js';
import { cachedTeacherSamples, identityOf, type TeacherSamples } from './teacherSamples-node.js';

/** What quality is measured on: the same for every student that is compared. */
export interface QualitySettings {
  /** Samples of each network; 96 unless given. */
  readonly samples?: number;
  /** Steps of DDIM; 10 unless given. */
  readonly steps?: number;
  /** Sample i has the noise of `seed + i`; 0 unless given. */
  readonly seed?: number;
  /** `vae` unless given. */
  readonly features?: FeatureChoice;
  /** Texts, or kinds of pictures of a teacher that knows kinds; unless given `defaultPrompts`, or all kinds. */
  readonly prompts?: readonly string[];
  /** Samples of one run of a network; 16 unless given. */
  readonly batch?: number;
  /** Where the teacher's samples are kept; they are made anew each time unless given. */
  readonly cache?: string;
}

/** A U-Net, of whatever stages. */
export interface Denoiser {
  readonly config: StagedUnetConfig;
  readonly weights: Checkpoint;
}

/** How far a student's samples are from the teacher's; 0 for the teacher itself. */
export interface Quality {
  /** The Frechet distance of features (`fitDistance`; of Inception's own kind where features are a file's). */
  readonly taFD: number;
  /** `pairedLatentDistance` of samples of the same seed. */
  readonly latentDistance: number;
  /** `pairedFeatureDistance` of samples of the same seed. */
  readonly featureDistance: number;
}

/** What samples are made with, and compared by. */
export interface MeterSettings {
  readonly samples: number;
  readonly steps: number;
  readonly seed: number;
  readonly features: string;
}

/** Measures students against one teacher. Dispose of it to give the memory back. */
export interface QualityMeter extends AsyncDisposable {
  readonly prompts: readonly string[];
  /** Tokens of each prompt. */
  readonly contextTokens: number;
  readonly settings: MeterSettings;
  /** A digest of the settings, the prompts and the teacher's weights: measurements under one can be compared. */
  readonly identity: string;
  /** The `taFD` of the teacher from itself with other seeds: what no student can be told apart below. */
  readonly floor: number;
  /** @throws the signal's reason when aborted. */
  measure(student: Denoiser, options?: SampleOptions): Promise<Quality>;
  /** The first `count` pictures [3, H, W] of a student; of the teacher where there is none. */
  pictures(count: number, student?: Denoiser, options?: SampleOptions): Promise<readonly Image[]>;
}

const defaults = { samples: 96, steps: 10, seed: 0, batch: 16, features: 'vae' } as const;

/**
 * Samples the teacher, unless its samples are known, and makes ready what compares with them. The executors
 * compute side by side; they are not disposed of.
 * @throws ModelError, ConfigError or WeightsError for a teacher, prompts or features that do not fit.
 */
export async function openQualityMeter(
  teacher: OpenCheckpoint,
  executors: readonly NodeExecutor[],
  settings: QualitySettings = {},
  options: SampleOptions = {},
): Promise<QualityMeter> {
  const prompts = await samplePrompts(teacher, settings.prompts, executors[0]);
  const plan = planOf(teacher, prompts, settings);
  const choice = settings.features ?? defaults.features;
  const { vae, unet } = teacher;
  const parts = { vae, latent: plan.latent, batch: plan.batch };
  const network = await openFeatureNetwork(choice, parts, executors);
  try {
    const identity = await identityOf(identitySettings(plan, settings, prompts), [
      unet.weights,
      vae.weights,
    ]);
    const own: Denoiser = { config: stagedUnetOf(unet.network), weights: unet.weights };
    const samples = await cachedTeacherSamples(settings.cache, identity, plan.latent, () =>
      sampleTeacher(own, { plan, network, executors }, options),
    );
    const how = choice === 'vae' || choice === 'latent' ? 'scaled' : 'plain';
    const comparison = compareWith(samples.features, how);
    const { steps, seed } = { ...defaults, ...settings };
    const shown = { samples: plan.samples, steps, seed, features: choice };
    const its = { prompts, settings: shown, identity };
    return meterOf({ teacher, executors, plan, network, samples, comparison, ...its });
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
}

interface Workings {
  readonly plan: SamplePlan;
  readonly network: FeatureNetwork;
  readonly executors: readonly NodeExecutor[];
}

interface MeterParts extends Workings {
  readonly teacher: OpenCheckpoint;
  readonly samples: TeacherSamples;
  readonly comparison: FeatureComparison;
  readonly prompts: readonly SamplePrompt[];
  readonly settings: MeterSettings;
  readonly identity: string;
}

function meterOf(parts: MeterParts): QualityMeter {
  const { teacher, executors, plan, network, samples, comparison, prompts } = parts;
  const { settings, identity } = parts;
  return {
    prompts: prompts.map(({ name }) => name),
    contextTokens: plan.prompts[0].shape[1],
    settings,
    identity,
    floor: comparison.distance(samples.otherFeatures),
    async measure(student, options = {}) {
      const latents = await sampleNetwork(student, executors, plan, options);
      const features = await network.extract(latents, options.signal);
      return {
        taFD: comparison.distance(features),
        latentDistance: pairedLatentDistance(samples.latents, latents),
        featureDistance: comparison.pairedDistance(features),
      };
    },
    async pictures(count, student, options = {}) {
      const few = { ...plan, samples: Math.min(count, plan.samples) };
      const latents = student
        ? await sampleNetwork(student, executors, few, options)
        : samples.latents.subarray(0, few.samples * elementCount(plan.latent));
      return decodePictures(teacher, executors[0], latents, plan.latent);
    },
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

function planOf(
  { unet, schedulerFile }: OpenCheckpoint,
  prompts: readonly SamplePrompt[],
  settings: QualitySettings,
): SamplePlan {
  const { samples, steps, seed, batch } = { ...defaults, ...settings };
  const side = unet.file.sample_size;
  if (typeof side !== 'number') {
    throw new ConfigError(`expected a sample_size in the config of the teacher's U-Net, got none`);
  }
  const config = schedulerConfig(schedulerConfigSchema.parse(schedulerFile), 'ddim');
  return {
    scheduler: createScheduler(config, steps),
    prompts: prompts.map(({ hiddenStates }) => hiddenStates),
    seed,
    samples,
    batch: Math.min(batch, samples),
    latent: [stagedUnetOf(unet.network).inChannels, side, side],
  };
}

/** What decides the teacher's samples besides its weights. */
function identitySettings(
  { seed, samples, latent, scheduler }: SamplePlan,
  { features = defaults.features }: QualitySettings,
  prompts: readonly SamplePrompt[],
): unknown {
  const { timesteps } = scheduler;
  const embeddings = prompts.map(({ hiddenStates }) => Array.from(toFloat32(hiddenStates)));
  return { seed, samples, latent, timesteps, features, embeddings };
}

/** The teacher's samples of the plan's seeds and of as many that follow, and the features of both. */
async function sampleTeacher(
  own: Denoiser,
  { plan, network, executors }: Workings,
  { signal, onProgress }: SampleOptions,
): Promise<TeacherSamples> {
  const both = { ...plan, samples: 2 * plan.samples };
  const latents = await sampleNetwork(own, executors, both, {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const half = plan.samples * elementCount(plan.latent);
  return {
    latents: latents.slice(0, half),
    features: await network.extract(latents.subarray(0, half), signal),
    otherFeatures: await network.extract(latents.subarray(half), signal),
  };
}

/** Loads a network in each executor, samples, and unloads it. */
/** Samples of a U-Net (`sampleLatents`), whose graph is loaded in each executor. */
export async function sampleNetwork(
  { config, weights }: Denoiser,
  executors: readonly NodeExecutor[],
  plan: SamplePlan,
  options: SampleOptions,
): Promise<Float32Array> {
  const [, height, width] = plan.latent;
  const contextTokens = plan.prompts[0].shape[1];
  const batch = Math.min(plan.batch, plan.samples);
  const graph = { ...nanosdUnet(config, { batch, height, width, contextTokens }), taps: [] };
  const loads = await Promise.allSettled(
    executors.map((executor) => executor.loadMapped(graph, weights)),
  );
  const sessions = loads.flatMap((load) => (load.status === 'fulfilled' ? [load.value] : []));
  try {
    for (const load of loads) if (load.status === 'rejected') throw load.reason;
    return await sampleLatents(sessions, { ...plan, batch }, options);
  } finally {
    await disposeAll(sessions);
  }
}

async function disposeAll(sessions: readonly Session[]): Promise<void> {
  for (const session of sessions) await session[Symbol.asyncDispose]();
}
