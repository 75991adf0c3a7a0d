import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ImageFileError } from '../../image/sharp-node.js';
import type { OpenAutoencoder } from '../../models/openAutoencoder-node.js';
import { Random, type Tensor } from '../../tensor/index.js';
import { WeightsError } from '../../weights/index.js';
import { replaceFile } from '../../weights/replace-file-node.js';
import { openSafetensorsFile, writeSafetensorsFile } from '../../weights/safetensors-node.js';
import { createPhotoEncoder, type PhotoEncoder } from './latentMaps-node.js';
import type { PhotoFile } from '../data/photoFile.js';
import { photosFingerprint } from '../data/photoFolder-node.js';
import { makeFolder } from '../../weights/makeFolder-node.js';

/** What latents are made of, and where they are kept. */
export interface LatentPlan {
  readonly photos: readonly PhotoFile[];
  readonly vae: OpenAutoencoder;
  /** Where caches lie, each in a folder of its own. */
  readonly cacheFolder: string;
  /** What all of them may take on disk together; photographs for which there is no room are left out. */
  readonly cacheBytes: number;
}

/** How far a cache has been made. */
export interface LatentProgress {
  /** Photographs looked at, and all of them. */
  readonly done: number;
  readonly total: number;
}

/** Changes when what is stored does. */
const VERSION = 1;

/** So many files at most: all of them are open while latents are read. */
const FILES = 64;
const SMALLEST_FILE = 16e6;

const STALE_MS = 600_000;

const indexName = 'index.json';

const indexSchema = z.strictObject({
  /** Of what the latents were made of. */
  fingerprint: z.string(),
  files: z.int().min(0),
  /** Why photographs were left out. */
  warnings: z.array(z.string()),
});

export type LatentIndex = z.output<typeof indexSchema>;

/** Tells what latents are made of: photographs, autoencoder and its weights. */
export async function latentFingerprint({ photos, vae }: LatentPlan): Promise<string> {
  const digest = createHash('sha256');
  digest.update(JSON.stringify([VERSION, await photosFingerprint(photos)]));
  digest.update(await autoencoderFingerprint(vae));
  return digest.digest('hex').slice(0, 16);
}

/** Tells one autoencoder from another, wherever it lies: by its config, and the names and bytes of its weights. */
export async function autoencoderFingerprint({
  network,
  weights,
}: Pick<OpenAutoencoder, 'network' | 'weights'>): Promise<string> {
  const digest = createHash('sha256');
  digest.update(JSON.stringify(network));
  for (const name of [...weights.entries.keys()].sort()) {
    const { dtype, shape, data } = await weights.read(name);
    digest.update(JSON.stringify([name, dtype, shape]));
    digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return `${network.className}, sha256 ${digest.digest('hex').slice(0, 16)}`;
}

/** The folder of the cache with that fingerprint. */
export function latentFolder({ cacheFolder }: LatentPlan, fingerprint: string): string {
  return join(cacheFolder, `latents-${fingerprint}`);
}

/** The index of a cache that is whole; null for none, and for one that is still being made. */
export async function readLatentIndex(folder: string): Promise<LatentIndex | null> {
  const path = join(folder, indexName);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = indexSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new WeightsError(`${folder}: damaged cache of latents; delete it to make it again`);
}

export function latentFileName(number: number): string {
  return `latents-${String(number).padStart(5, '0')}.safetensors`;
}

/** Names of maps: `PHOTO.PIECE` and `PHOTO.PIECE.mirrored`, where PHOTO counts the photographs from 0. */
export function photoOfMap(name: string): number {
  return Number(name.split('.')[0]);
}

/**
 * Makes the cache of latents where there is none yet, telling after each photograph how far it is. Files appear
 * whole, the index last; what a maker that was ended has left is gone on from. When the limit is met, caches of
 * other fingerprints go, those not used for longest first.
 * @throws WeightsError when the system refuses, such as for want of space; what was made until then stays.
 */
export async function* makeLatents(
  plan: LatentPlan,
  fingerprint: string,
): AsyncGenerator<LatentProgress> {
  const folder = latentFolder(plan, fingerprint);
  if (await readLatentIndex(folder)) {
    const now = new Date();
    await utimes(join(folder, indexName), now, now).catch(() => undefined);
    return;
  }
  await makeFolder(folder);
  await using encoder = createPhotoEncoder(plan.vae);
  const state = await resumed(folder);
  yield { done: state.next, total: plan.photos.length };
  while (state.next < plan.photos.length && !state.full) {
    yield* makeFile(plan, folder, encoder, state);
  }
  const warnings = [...state.warnings];
  if (state.full) warnings.push(fullWarning(plan, state));
  const index: LatentIndex = { fingerprint, files: state.files, warnings };
  await replaceFile(join(folder, indexName), [
    new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`),
  ]);
  await removeStalePartials(folder);
}

function fullWarning({ photos, cacheBytes }: LatentPlan, { next }: MakingState): string {
  const limit = Math.round(cacheBytes / 1e6);
  return `latents of ${next} of ${photos.length} photographs fill the cache of ${limit} MB; the others are left out`;
}

interface MakingState {
  /** Photographs looked at so far: those before this place in the order of making. */
  next: number;
  files: number;
  bytes: number;
  full: boolean;
  warnings: string[];
}

/** What the files of a cache that is not whole say. */
async function resumed(folder: string): Promise<MakingState> {
  const state: MakingState = { next: 0, files: 0, bytes: 0, full: false, warnings: [] };
  for (;;) {
    const path = join(folder, latentFileName(state.files));
    const found = await stat(path).catch(() => null);
    if (!found) return state;
    await using file = await openSafetensorsFile(path);
    state.next = Number(file.metadata.next);
    state.warnings = JSON.parse(file.metadata.warnings) as string[];
    state.files += 1;
    state.bytes += found.size;
  }
}

async function* makeFile(
  plan: LatentPlan,
  folder: string,
  encoder: PhotoEncoder,
  state: MakingState,
): AsyncGenerator<LatentProgress> {
  const { photos, cacheBytes } = plan;
  const order = makingOrder(photos.length);
  const enough = Math.max(SMALLEST_FILE, cacheBytes / FILES);
  const maps = new Map<string, Tensor>();
  let bytes = 0;
  while (state.next < photos.length && bytes < enough) {
    const photo = order[state.next];
    const made = await encoder.encode(photos[photo]).catch((error: unknown) => {
      state.warnings.push(reasonToLeaveOut(photos[photo].path, error));
      return new Map<string, Tensor>();
    });
    const size = [...made.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    if (state.bytes + bytes + size > cacheBytes) {
      state.full = true;
      break;
    }
    for (const [name, map] of made) maps.set(`${photo}.${name}`, map);
    bytes += size;
    state.next += 1;
    yield { done: state.next, total: photos.length };
  }
  if (maps.size === 0 && state.full) return;
  await makeRoom(plan, folder, state.bytes + bytes);
  await writeSafetensorsFile(join(folder, latentFileName(state.files)), maps, {
    next: String(state.next),
    warnings: JSON.stringify(state.warnings),
  });
  state.files += 1;
  state.bytes += bytes;
}

/** Not that of the list, so that a cache that is too small for all holds some of every folder. */
function makingOrder(photos: number): number[] {
  return Random.seeded(VERSION).permutation(photos);
}

/** Says why a photograph is of no use; other errors than a photograph's own are thrown on. */
function reasonToLeaveOut(path: string, error: unknown): string {
  const isItsOwn = error instanceof ImageFileError || error instanceof RangeError;
  if (!isItsOwn) throw error;
  const reason = error instanceof RangeError ? `${path}: ${error.message}` : error.message;
  return `${reason}; the photograph is left out`;
}

/** Removes other caches until `bytes` of this one fit, those that were not used for longest first. */
async function makeRoom(plan: LatentPlan, own: string, bytes: number): Promise<void> {
  const names = await readdir(plan.cacheFolder);
  const folders = names
    .filter((name) => /^latents-[0-9a-f]{16}$/.test(name))
    .map((name) => join(plan.cacheFolder, name))
    .filter((folder) => folder !== own);
  const others = await Promise.all(
    folders.map(async (folder) => ({ folder, ...(await sizeAndUse(folder)) })),
  );
  others.sort((a, b) => a.usedAt - b.usedAt);
  let total = bytes + others.reduce((sum, other) => sum + other.bytes, 0);
  for (const other of others) {
    if (total <= plan.cacheBytes) return;
    await rm(other.folder, { recursive: true, force: true });
    total -= other.bytes;
  }
}

async function sizeAndUse(folder: string): Promise<{ bytes: number; usedAt: number }> {
  const names = await readdir(folder).catch((): string[] => []);
  const found = await Promise.all(
    names.map((name) => stat(join(folder, name)).catch(() => ({ size: 0, mtimeMs: 0 }))),
  );
  return {
    bytes: found.reduce((sum, { size }) => sum + size, 0),
    usedAt: Math.max(0, ...found.map(({ mtimeMs }) => mtimeMs)),
  };
}

/** What writing that was interrupted has left; what is young may be that of another process which writes now. */
async function removeStalePartials(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((candidate) => candidate.endsWith('.partial'))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(path, { force: true });
  }
}
