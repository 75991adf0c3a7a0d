import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { parsePythonJson } from '../weights/index.js';
import type { ConfigFile } from './network.js';
import { packagePath } from './packageFolder-node.js';

/** A model that is not there, or not one; the message says which, and what there is instead. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/** Where a model may lie that somebody names: at that path, or in the package. */
export function modelPlaces(model: string): readonly string[] {
  const path = resolve(model);
  return model === basename(model) ? [path, packagePath('models', model)] : [path];
}

/** What is at a path; undefined for nothing. */
export async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return 'folder';
  return found?.isFile() ? 'file' : undefined;
}

/** @throws ModelError when the file cannot be read or holds no JSON. */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ModelError(`${path}: cannot be read (${String(error)})`, { cause: error });
  });
  try {
    return parsePythonJson(text);
  } catch (error) {
    throw new ModelError(`${path}: expected JSON (${(error as Error).message})`, { cause: error });
  }
}

/** @throws ModelError when the file cannot be read or holds no JSON object. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const value = await readJsonFile(path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as ConfigFile;
  }
  throw new ModelError(`${path}: expected a JSON object`);
}
