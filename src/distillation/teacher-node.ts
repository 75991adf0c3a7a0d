import { createNoiseSchedule, schedulerConfig, schedulerConfigSchema } from '../diffusion/index.js';
import {
  ConfigError,
  pixelsPerLatent,
  type Unet2DConditionConfig,
  type Unet2DConditionSize,
} from '../models/index.js';
import { openCheckpoint, type OpenCheckpoint } from '../models/openCheckpoint-node.js';
import { openLatents, type Latents, type LatentOptions } from '../training/latents/latents-node.js';
import type { PhotoFile } from '../training/data/photoFile.js';
import { listPhotos } from '../training/data/photoFolder-node.js';
import type { Checkpoint } from '../weights/index.js';
import type { DistillPlan } from './distillPlan.js';
import type { TeacherInputs } from './featureSource.js';
import { createTeacherInputs, type LatentBatches } from './teacherInputs.js';
import { openTeacherPrompts, promptTokens, type TeacherPrompts } from './teacherPrompts-node.js';

/** The network that surrogates learn from. */
export interface Teacher extends AsyncDisposable {
  readonly checkpoint: OpenCheckpoint;
  readonly unet: Unet2DConditionConfig;
  readonly weights: Checkpoint;
  /** Of a batch of what it is shown. */
  readonly size: Unet2DConditionSize;
}

type TeacherPlan = Pick<DistillPlan, 'teacher' | 'settings'>;

/**
 * Opens a teacher: headers only.
 * @throws ModelError, ConfigError or WeightsError for what is absent or does not fit, such as a resolution that the
 * levels of its U-Net do not divide.
 */
export async function openTeacher({ teacher, settings }: TeacherPlan): Promise<Teacher> {
  const checkpoint = await openCheckpoint(teacher);
  try {
    const { network, weights } = checkpoint.unet;
    if (network.className !== 'UNet2DConditionModel') {
      throw new ConfigError(
        `${teacher}: expected a UNet2DConditionModel, got ${network.className}`,
      );
    }
    const unet = network.config;
    requireLevels(teacher, unet);
    const side = latentSide(checkpoint, settings.resolution);
    const tokens = promptTokens(checkpoint);
    const size = { batch: settings.batch_size, height: side, width: side, contextTokens: tokens };
    const dispose = (): PromiseLike<void> => checkpoint[Symbol.asyncDispose]();
    return { checkpoint, unet, weights, size, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await checkpoint[Symbol.asyncDispose]();
    throw error;
  }
}

/** What stages are options of: SD 1.x's four levels of two layers. */
function requireLevels(path: string, { layersPerBlock }: Unet2DConditionConfig): void {
  if (layersPerBlock.length === 4 && layersPerBlock.every((layers) => layers === 2)) return;
  throw new ConfigError(
    `${path}: expected a U-Net of 4 levels with layers_per_block 2, as the design space has them, ` +
      `got ${layersPerBlock.length} with ${layersPerBlock.join(', ')}`,
  );
}

function latentSide({ unet, vae, path }: OpenCheckpoint, resolution: number | null): number {
  const factor = pixelsPerLatent(vae.network);
  const { sample_size: trainedOn } = unet.file;
  const side = resolution === null ? Number(trainedOn ?? 64) : resolution / factor;
  if (Number.isInteger(side) && side % 8 === 0) return side;
  const got = resolution === null ? `sample_size ${String(trainedOn)}` : String(resolution);
  throw new ConfigError(`${path}: resolution: expected a multiple of ${8 * factor}, got ${got}`);
}

/** Of so many photographs one is held out: not trained on, but measured on. */
const heldOutEvery = 16;

const isHeldOut = (photo: number): boolean => photo % heldOutEvery === 1;

/**
 * The photographs of a plan.
 * @throws ConfigError for folders that are absent, or hold less than two photographs.
 */
export async function distillationPhotos(
  folders: readonly string[],
): Promise<readonly PhotoFile[]> {
  const photos = await listPhotos(folders);
  if (photos.length > 1) return photos;
  throw new ConfigError(
    `${folders.join(', ')}: expected at least 2 photographs, one of them to measure on, got 1`,
  );
}

/** What hears how far a slow beginning is. */
export interface PreparationListener {
  readonly onWarning: (warning: string) => void;
  readonly onLatents?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Opens the stream of what the teacher is shown; latents of photographs are made first where they are not on
 * disk yet.
 * @throws ConfigError, WeightsError or RangeError for photographs that cannot be used; the signal's reason.
 */
export async function openTeacherInputs(
  plan: DistillPlan,
  { checkpoint, size }: Teacher,
  listener: PreparationListener,
): Promise<TeacherInputs> {
  const { settings } = plan;
  const photos = await distillationPhotos(plan.photos);
  const prompts = await openTeacherPrompts(checkpoint, settings.prompts);
  const options: Omit<LatentOptions, 'seed'> = {
    ...{ photos, kinds: settings.kinds, vae: plan.teacher, cacheFolder: plan.latents },
    cacheBytes: settings.latent_cache_megabytes * 1e6,
    ...{ height: size.height, width: size.width },
  };
  const { onWarning, onLatents, signal } = listener;
  const open = async (
    seed: number,
    drawsFrom: (photo: number) => boolean,
  ): Promise<LatentBatches> => {
    const latents = await openLatents(
      { ...options, seed },
      {
        ...{ onWarning, drawsFrom },
        onProgress: ({ done, total }) => onLatents?.(done, total),
        ...(signal ? { signal } : {}),
      },
    );
    return latentBatches(latents, size.batch, prompts);
  };
  // Seeds apart from those of noise and timesteps, which `createTeacherInputs` draws.
  const seed = settings.seed * 2 + 1_000_003;
  const training = await open(seed, (photo) => !isHeldOut(photo));
  const heldOut = await open(seed + 1, isHeldOut);
  const schedule = createNoiseSchedule(
    schedulerConfig(schedulerConfigSchema.parse(checkpoint.schedulerFile)),
  );
  return createTeacherInputs(
    { training, held_out: heldOut },
    {
      schedule,
      prompts: prompts.embeddings,
      unconditional: prompts.unconditional,
      seed: settings.seed,
    },
  );
}

function latentBatches(latents: Latents, batch: number, prompts: TeacherPrompts): LatentBatches {
  const rowOf = latents.kinds.map((kind) => prompts.names.indexOf(kind));
  return {
    async take(number) {
      const { latents: drawn, kind } = await latents.take(number * batch, batch);
      const places = Array.from(kind.data, (place) => rowOf[Number(place)] ?? -1);
      // Pictures of a kind that the teacher has no prompt for are shown without one.
      const rows = places.map((row) => (row >= 0 ? row : prompts.unconditional));
      return { latents: drawn, rows: prompts.byKind ? rows : null };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(latents[Symbol.asyncDispose]()),
  };
}
