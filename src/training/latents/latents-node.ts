import { dirname } from 'node:path';
import { pixelsPerLatent } from '../../models/index.js';
import { openAutoencoder, type OpenAutoencoder } from '../../models/openAutoencoder-node.js';
import { float16ToFloat32, Random, tensor, type Tensor } from '../../tensor/index.js';
import { WeightsError } from '../../weights/index.js';
import { openSafetensorsFile, type CheckpointFile } from '../../weights/safetensors-node.js';
import {
  latentFileName,
  latentFingerprint,
  latentFolder,
  makeLatents,
  photoOfMap,
  readLatentIndex,
  type LatentPlan,
  type LatentProgress,
} from './latentCache-node.js';
import type { Preparation } from '../objectives/objective.js';
import type { PhotoFile } from '../data/photoFile.js';
import type { KindsFrom } from '../data/pictureKinds.js';
import { readPictureKinds } from '../data/pictureKinds-node.js';

export interface LatentOptions {
  /** As `listPhotos` gives them. */
  readonly photos: readonly PhotoFile[];
  readonly kinds: KindsFrom;
  /** The frozen autoencoder: its own folder, or a checkpoint that has one. */
  readonly vae: string;
  /** Where caches of latents lie. Processes may share one, at the same time too. */
  readonly cacheFolder: string;
  /** What all caches of that folder may take on disk together. */
  readonly cacheBytes: number;
  /** Of the windows, in cells of the latent. */
  readonly height: number;
  readonly width: number;
  readonly seed: number;
}

export interface OpenLatentsOptions {
  /** Ends the making of a cache after the photograph that is being encoded; what was made stays. */
  readonly signal?: AbortSignal;
  /** Called after each photograph that is encoded; never where the cache is there. */
  readonly onProgress?: (progress: LatentProgress) => void;
  /** Hears of photographs that cannot be used, each once. */
  readonly onWarning?: (warning: string) => void;
  /** Whether to draw from a photograph, by its place in the list; from all of them unless given. The cache holds all. */
  readonly drawsFrom?: (photo: number) => boolean;
}

/** Random windows of latents, and the kind of the picture that each is of. */
export interface LatentBatch {
  /** `[N, C, h, w]` float32 on the U-Net's scale (times `scaling_factor`): drawn from the posterior. */
  readonly latents: Tensor<'float32'>;
  /** `[N]` int64: places among `Latents.kinds`; 0 where there are none. */
  readonly kind: Tensor<'int64'>;
}

/** An endless stream of training latents: sample `i` is a function of the photographs, the autoencoder, the seed and `i`. */
export interface Latents extends AsyncDisposable {
  /** Names of the kinds of pictures, sorted; empty without kinds. */
  readonly kinds: readonly string[];
  /** C of the latents. */
  readonly channels: number;
  /** Pixels a side for one cell. */
  readonly pixelsPerLatent: number;
  /** Samples `first` to `first + count - 1`: the same every time, in whatever order they are asked for. */
  take(first: number, count: number): Promise<LatentBatch>;
}

/**
 * Opens training latents: every photograph and its mirror image as a frozen autoencoder encodes them, kept on disk
 * in half precision (mean and deviation). They are made once, with all cores, and found again as long as the
 * photographs (names and lengths) and the autoencoder are the same; windows and seeds may change.
 * @throws ModelError, ConfigError or WeightsError for an autoencoder that is none; WeightsError when the disk is full, what was
 * made then stays and is gone on from; RangeError when no photograph is as large as a window; the signal's
 * reason when aborted.
 * @example
 * await using latents = await openLatents({
 *   photos: await listPhotos(['photos']), kinds: 'name_prefix', vae: 'checkpoint/vae',
 *   cacheFolder: 'runs/latents', cacheBytes: 1.5e9, height: 16, width: 16, seed: 1,
 * });
 * const { latents: z, kind } = await latents.take(0, 8); // [8, 4, 16, 16] and [8]
 */
export async function openLatents(
  options: LatentOptions,
  { signal, onProgress, ...rest }: OpenLatentsOptions = {},
): Promise<Latents> {
  await using vae = await openAutoencoder(options.vae);
  const plan: LatentPlan = { ...options, vae };
  const fingerprint = await latentFingerprint(plan);
  for await (const progress of makeLatents(plan, fingerprint)) {
    onProgress?.(progress);
    signal?.throwIfAborted();
  }
  return await openMade(options, vae, latentFolder(plan, fingerprint), rest);
}

/** Makes the cache that `openLatents` would, telling how far it is; whoever stops asking stops the making. */
export async function* prepareLatents(
  options: Pick<LatentOptions, 'photos' | 'vae' | 'cacheFolder' | 'cacheBytes'>,
): AsyncGenerator<Preparation> {
  await using vae = await openAutoencoder(options.vae);
  const plan: LatentPlan = { ...options, vae };
  for await (const progress of makeLatents(plan, await latentFingerprint(plan))) {
    yield { what: 'photographs encoded', ...progress };
  }
}

async function openMade(
  options: LatentOptions,
  { network }: OpenAutoencoder,
  folder: string,
  { onWarning, drawsFrom = () => true }: Pick<OpenLatentsOptions, 'onWarning' | 'drawsFrom'>,
): Promise<Latents> {
  const index = await readLatentIndex(folder);
  if (!index) throw new WeightsError(`${folder}: expected a whole cache of latents, got none`);
  const files: CheckpointFile[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(files.splice(0).map((file) => file.close()));
  };
  const { latentChannels: channels } = network.config;
  const kinds = await readPictureKinds(options.photos, options.kinds);
  for (const warning of [...kinds.warnings, ...index.warnings]) onWarning?.(warning);
  try {
    const maps: StoredMap[] = [];
    for (let i = 0; i < index.files; i++) {
      const file = await openSafetensorsFile(`${folder}/${latentFileName(i)}`);
      files.push(file);
      maps.push(...mapsOf(file, kinds.kindOf));
    }
    const drawn = maps.filter(({ name }) => drawsFrom(photoOfMap(name)));
    const usable = largeEnough(drawn, options, onWarning);
    return {
      kinds: kinds.names,
      channels,
      pixelsPerLatent: pixelsPerLatent(network),
      take: (first, count) => takeWindows(usable, channels, options, first, count),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface StoredMap {
  readonly name: string;
  readonly file: CheckpointFile;
  readonly kind: number;
  readonly height: number;
  readonly width: number;
}

function mapsOf(file: CheckpointFile, kindOf: readonly number[]): StoredMap[] {
  return Array.from(file.entries.values(), ({ name, shape: [, height, width] }) => {
    return { name, file, kind: kindOf[photoOfMap(name)], height, width };
  });
}

function largeEnough(
  maps: readonly StoredMap[],
  { height, width, photos }: LatentOptions,
  onWarning: OpenLatentsOptions['onWarning'],
): StoredMap[] {
  const usable = maps.filter((map) => map.height >= height && map.width >= width);
  if (usable.length === 0) {
    const folders = [...new Set(photos.map(({ path }) => dirname(path)))].join(', ');
    const wanted = `photographs of at least ${width} x ${height} cells of the latent`;
    throw new RangeError(`expected ${wanted}, got none in ${folders}`);
  }
  const left = new Set(usable.map(({ name }) => photoOfMap(name)));
  for (const small of new Set(maps.map(({ name }) => photoOfMap(name)))) {
    if (left.has(small)) continue;
    onWarning?.(`${photos[small].path}: smaller than ${width} x ${height} cells; it is left out`);
  }
  return usable;
}

/** One window a sample, with noise of the posterior that is drawn after the place of the window. */
async function takeWindows(
  maps: readonly StoredMap[],
  channels: number,
  { height, width, seed }: LatentOptions,
  first: number,
  count: number,
): Promise<LatentBatch> {
  const length = channels * height * width;
  const latents = new Float32Array(count * length);
  const kind = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const random = Random.seeded(seed, first + i);
    const map = maps[random.integer(maps.length)];
    const left = random.integer(map.width - width + 1);
    const top = random.integer(map.height - height + 1);
    const stored = await map.file.read(map.name);
    const window = { left, top, height, width };
    const values = windowOf(stored, window);
    const mean = values.subarray(0, length);
    const deviation = values.subarray(length);
    latents.set(mean, i * length);
    if (deviation.length > 0) {
      const noise = random.normals(length);
      for (let j = 0; j < length; j++) latents[i * length + j] += deviation[j] * noise[j];
    }
    kind[i] = BigInt(map.kind);
  }
  return {
    latents: tensor('float32', [count, channels, height, width], latents),
    kind: tensor('int64', [count], kind),
  };
}

interface Window {
  readonly left: number;
  readonly top: number;
  readonly height: number;
  readonly width: number;
}

/** A window of all planes of a half-precision map, as numbers. */
function windowOf({ shape, data }: Tensor, { left, top, height, width }: Window): Float32Array {
  const [planes, rows, columns] = shape;
  const halves = new Uint16Array(planes * height * width);
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < height; y++) {
      const from = (plane * rows + top + y) * columns + left;
      const row = (data as Uint16Array).subarray(from, from + width);
      halves.set(row, (plane * height + y) * width);
    }
  }
  return float16ToFloat32(halves);
}
