import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError, parseConfig } from '../../models/index.js';
import { parseJson } from '../../weights/parseJson.js';
import type { PhotoFile } from './photoFile.js';

/** What is to be done about the photographs beside it and below. */
export const photoListName = 'photos.json';

const listSchema = z.strictObject({
  /** Of the photographs, from where the file lies: `.` unless given. */
  folder: z.string().default('.'),
  /** Photographs to leave out. */
  skip: z.array(z.string()).default([]),
  /** Degrees clockwise that set photographs upright. */
  turn: z.record(z.string(), z.literal([90, 180, 270])).default({}),
});

/** A list of what to leave out and what to turn. */
export interface PhotoList {
  /** Whose photographs it speaks of. */
  readonly folder: string;
  /**
   * Leaves out and turns.
   * @throws ConfigError listing names that no photograph has.
   */
  apply(photos: readonly PhotoFile[]): PhotoFile[];
}

/**
 * Reads a list of photographs to leave out or to turn: `{ "skip": ["render-*"], "turn": { "a/1.jpg": 90 } }`. Names are
 * paths from the folder, with `/`, in which `*` stands for any text.
 * @throws ConfigError for a file that is missing or of another form.
 */
export async function readPhotoList(path: string): Promise<PhotoList> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`${path}: expected a list of photographs (${(error as Error).message})`, {
      cause: error,
    });
  });
  const { folder, skip, turn } = parseConfig(listSchema, parseJson(text, path), path);
  const place = folder === '.' ? dirname(path) : resolve(dirname(path), folder);
  const skips = skip.map((name) => ({ name, pattern: patternOf(name) }));
  const turns = Object.entries(turn).map(([name, degrees]) => {
    return { name, degrees, pattern: patternOf(name) };
  });
  return {
    folder: place,
    apply(photos) {
      const named = photos.map((photo) => ({ photo, name: nameIn(place, photo.path) }));
      const unused = [...skips, ...turns].filter(({ pattern }) => {
        return !named.some(({ name }) => pattern.test(name));
      });
      if (unused.length > 0) {
        const names = unused.map(({ name }) => name).join(', ');
        throw new ConfigError(`${path}: expected names of photographs in ${place}, got ${names}`);
      }
      const kept = named.filter(({ name }) => !skips.some(({ pattern }) => pattern.test(name)));
      return kept.map(({ photo, name }) => {
        const found = turns.find(({ pattern }) => pattern.test(name));
        return found ? { ...photo, turn: found.degrees } : photo;
      });
    },
  };
}

function nameIn(folder: string, path: string): string {
  return relative(folder, path).replaceAll('\\', '/');
}

function patternOf(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
