import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ConfigError, parseConfig } from '../../models/index.js';
import { kindOf } from '../../models/modelFiles-node.js';
import { parseJson } from '../../weights/parseJson.js';
import type { PhotoFile } from './photoFile.js';
import {
  kindWords,
  pictureKinds,
  sortKinds,
  type KindsFrom,
  type PictureKinds,
} from './pictureKinds.js';

/** The file of labels in a folder of photographs: `{ "1.jpg": "plant", ... }`. */
export const kindsFileName = 'kinds.json';

const kindsSchema = z.record(z.string(), z.enum(kindWords));

/** Kinds, and what is to be said of them. */
export interface ReadKinds extends PictureKinds {
  readonly warnings: readonly string[];
}

/**
 * The kinds of photographs. For `file` every folder that photographs lie in has a `kinds.json` with a word of
 * `kindWords` for each; one that it does not name is of the kind `""`, which says nothing, with a warning.
 * @throws ConfigError for a folder without the file, and listing labels that are no such word and names that are
 * no file of the folder.
 */
export async function readPictureKinds(
  files: readonly PhotoFile[],
  from: KindsFrom,
): Promise<ReadKinds> {
  const photos = files.map(({ path }) => path);
  if (from !== 'file') return { ...pictureKinds(photos, from), warnings: [] };
  const folders = [...new Set(photos.map((photo) => dirname(photo)))];
  const read = await Promise.allSettled(folders.map(readFolderKinds));
  const problems = read.flatMap((one) => {
    return one.status === 'rejected' ? [(one.reason as Error).message] : [];
  });
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  const labels = new Map(read.flatMap((one) => (one.status === 'fulfilled' ? [...one.value] : [])));
  const found = photos.map((photo) => labels.get(photo) ?? '');
  return { ...sortKinds(found), warnings: kindWarnings(photos, found) };
}

/** Whether all folders of these photographs have a file of kinds, where kinds are read from files. */
export async function haveKinds(photos: readonly PhotoFile[], from: KindsFrom): Promise<boolean> {
  if (from !== 'file') return true;
  const files = [...new Set(photos.map(({ path }) => join(dirname(path), kindsFileName)))];
  const found = await Promise.all(files.map(kindOf));
  return found.every((kind) => kind === 'file');
}

/** Tells one labelling from another, for those that lie outside of the photographs' paths. */
export function kindsFingerprint(from: KindsFrom, { names, kindOf }: PictureKinds): string {
  if (from !== 'file') return from;
  const digest = createHash('sha256')
    .update(JSON.stringify([names, kindOf]))
    .digest('hex');
  return `file, sha256 ${digest.slice(0, 16)}`;
}

/** Words by the path of the photograph. */
async function readFolderKinds(folder: string): Promise<Map<string, string>> {
  const path = join(folder, kindsFileName);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`${path}: expected the kinds of the photographs beside it, got no file`, {
      cause: error,
    });
  });
  const kinds = parseConfig(kindsSchema, parseKinds(text, path), path);
  const present = new Set(await readdir(folder));
  const absent = Object.keys(kinds).filter((name) => !present.has(name));
  if (absent.length > 0) {
    throw new ConfigError(`${path}: expected names of files beside it, got ${listed(absent)}`);
  }
  return new Map(Object.entries(kinds).map(([name, kind]) => [join(folder, name), kind]));
}

function parseKinds(text: string, path: string): unknown {
  try {
    return parseJson(text, path);
  } catch (error) {
    throw new ConfigError((error as Error).message, { cause: error });
  }
}

function kindWarnings(photos: readonly string[], labels: readonly string[]): string[] {
  const warnings: string[] = [];
  const unnamed = photos.filter((_, i) => labels[i] === '').map((photo) => basename(photo));
  if (unnamed.length > 0) {
    const count = `${unnamed.length} of ${photos.length} photographs`;
    warnings.push(`${kindsFileName} names no kind of ${count}: ${listed(unnamed)}`);
  }
  const unused = kindWords.filter((word) => !labels.includes(word));
  if (unused.length > 0) {
    warnings.push(`no photograph is of the kinds ${unused.join(', ')}; they are not learned`);
  }
  return warnings;
}

function listed(names: readonly string[]): string {
  const others = names.length > 5 ? ` and ${names.length - 5} others` : '';
  return `${names.slice(0, 5).join(', ')}${others}`;
}
