import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ConfigError, parseConfig } from '../../models/index.js';
import type { PhotoFile } from './photoFile.js';
import type { PhotoOrigin } from '../export/modelCard.js';

/** What `manifest.json` in a folder of photographs says of each: where it is from and its licence. */
const manifestSchema = z.array(
  z.looseObject({
    file: z.string(),
    licence: z.string(),
    repo: z.string().optional(),
    commit: z.string().optional(),
    source: z.string().optional(),
  }),
);

/**
 * The origin of every photograph, from the manifest of its folder; a photograph that no manifest names has
 * none but the folder's name.
 * @throws ConfigError naming a manifest that is of another form.
 */
export async function readPhotoOrigins(photos: readonly PhotoFile[]): Promise<PhotoOrigin[]> {
  const manifests = new Map<string, Map<string, PhotoOrigin>>();
  for (const folder of new Set(photos.map(({ path }) => dirname(path)))) {
    manifests.set(folder, await readManifest(folder));
  }
  return photos.map(({ path }) => {
    const folder = dirname(path);
    const origin = manifests.get(folder)?.get(basename(path));
    return origin ?? { place: basename(folder), licence: 'not stated', photograph: basename(path) };
  });
}

async function readManifest(folder: string): Promise<Map<string, PhotoOrigin>> {
  const path = join(folder, 'manifest.json');
  const text = await readFile(path, 'utf8').catch(() => '[]');
  const entries = parseConfig(manifestSchema, parseJson(text, path), path);
  return new Map(
    entries.map(({ file, licence, repo, commit, source }): [string, PhotoOrigin] => {
      const place = commit === undefined ? repo : `${repo}@${commit}`;
      return [file, { place: place ?? basename(folder), licence, photograph: source ?? file }];
    }),
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: expected JSON (${(error as Error).message})`, { cause: error });
  }
}
