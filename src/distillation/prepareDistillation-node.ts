import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { ConfigError } from '../models/index.js';
import { photosFingerprint } from '../training/data/photoFolder-node.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import { changedKeys, type RunIdentity } from '../training/index.js';
import type { Checkpoint } from '../weights/index.js';
import { replaceFile } from '../weights/replace-file-node.js';
import { distillationIdentity, type DistillPlan } from './distillPlan.js';
import type { DistillSettings } from './distillSettings.js';
import { planFeatures } from './features-node.js';
import { distillationPhotos, openTeacher, type Teacher } from './teacher-node.js';

/** What somebody wants surrogates of. */
export interface DistillRequest {
  /** A checkpoint: its folder, its name in the package, or a single file. */
  readonly teacher: string;
  /** Folders of photographs. */
  readonly photos: readonly string[];
  /** The folder of surrogates. */
  readonly folder: string;
  /** Where latents of photographs are kept, which other runs may share; in the folder of surrogates unless given. */
  readonly latents?: string;
  readonly settings: DistillSettings;
}

/** A plan, and the teacher that it was made with, which stays open until it is disposed of. */
export interface PreparedDistillation extends AsyncDisposable {
  readonly plan: DistillPlan;
  readonly teacher: Teacher;
}

export const planFileName = 'distill.json';

/**
 * Looks at everything that a distillation depends on, and notes in its folder what it is.
 * @throws ConfigError, ModelError or WeightsError for what is absent or does not fit, before anything is written;
 * for a folder of surrogates that `resume` was not asked for, or that was begun with anything else.
 */
export async function prepareDistillation(
  request: DistillRequest,
  { resume }: { readonly resume: boolean },
): Promise<PreparedDistillation> {
  const { settings } = request;
  const photos = await distillationPhotos(request.photos);
  const teacher = await openTeacher(request);
  try {
    planFeatures(settings, teacher);
    const folder = resolve(request.folder);
    const begun = await readPlanFile(folder);
    if (begun && !resume) {
      throw new ConfigError(
        `${request.folder}: expected a folder without surrogates, got one (--resume continues it)`,
      );
    }
    const fingerprint = await photosFingerprint(photos);
    const identity = distillationIdentity(settings, {
      teacher: await checkpointFingerprint(teacher.checkpoint),
      photos: fingerprint,
    });
    if (begun) requireSame(request.folder, begun, identity);
    const checkpoint = teacher.checkpoint.path;
    const folders = request.photos.map((path) => resolve(path));
    const latents = resolve(request.latents ?? join(folder, '.latents'));
    const plan = { teacher: checkpoint, photos: folders, folder, latents, settings, identity };
    await makeFolder(folder);
    if (!begun) await writePlanFile(plan);
    return {
      plan,
      teacher,
      [Symbol.asyncDispose]: () => Promise.resolve(teacher[Symbol.asyncDispose]()),
    };
  } catch (error) {
    await teacher[Symbol.asyncDispose]();
    throw error;
  }
}

/** Tells one teacher from another: all that decides its features. */
async function checkpointFingerprint(checkpoint: Teacher['checkpoint']): Promise<string> {
  const { unet, vae, textEncoder, promptEmbeddings, schedulerFile } = checkpoint;
  const digest = createHash('sha256').update(JSON.stringify(schedulerFile));
  for (const part of [unet, vae, textEncoder, promptEmbeddings]) {
    digest.update(JSON.stringify(part?.network ?? null));
    if (part) await digestWeights(digest, part.weights);
  }
  return `sha256 ${digest.digest('hex').slice(0, 16)}`;
}

async function digestWeights(
  digest: ReturnType<typeof createHash>,
  weights: Checkpoint,
): Promise<void> {
  for (const name of [...weights.entries.keys()].sort()) {
    const { dtype, data } = await weights.read(name);
    digest.update(`${name} ${dtype} `);
    digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}

/** The identity of the run that a folder was begun with; null for a folder without one. */
async function readPlanFile(folder: string): Promise<RunIdentity | null> {
  const path = join(folder, planFileName);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const { identity } = JSON.parse(text) as { identity: RunIdentity };
    return identity;
  } catch (error) {
    throw new ConfigError(
      `${path}: damaged (${(error as Error).message}); delete it to begin again`,
      {
        cause: error,
      },
    );
  }
}

/** Paths are relative to the folder, which other machines may find at another place. */
async function writePlanFile({ folder, teacher, photos, identity }: DistillPlan): Promise<void> {
  const file = {
    teacher: relative(folder, teacher),
    photos: photos.map((path) => relative(folder, path)),
    identity,
  };
  const text = `${JSON.stringify(file, null, 2)}\n`;
  await replaceFile(join(folder, planFileName), [new TextEncoder().encode(text)]);
}

function requireSame(folder: string, begun: RunIdentity, now: RunIdentity): void {
  const changes = changedKeys(begun, now);
  if (changes.length === 0) return;
  throw new ConfigError(
    [
      `${folder}: the surrogates were begun with something else:`,
      ...changes,
      'other values make other surrogates, in another folder',
    ].join('\n'),
  );
}
