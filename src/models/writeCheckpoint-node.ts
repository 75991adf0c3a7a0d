import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { streamSafetensors } from '../weights/index.js';
import { replaceFile } from '../weights/replace-file-node.js';
import { replaceFolder } from '../weights/replace-folder-node.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import { clipTokenizerFolder, writeClipTokenizer } from './clipTokenizer-node.js';
import { kindOf, ModelError } from './modelFiles-node.js';
import { configFileName, weightStem } from './networkFolder-node.js';
import { indexFileName, schedulerFileName } from './openCheckpoint-node.js';
import {
  componentsOf,
  jsonText,
  ldmContents,
  pipelineIndex,
  type PipelineToWrite,
} from './pipelineToWrite.js';
import { bytesOfTypes, watchedSources, type WriteControl } from './writeProgress.js';

export interface WriteCheckpointOptions extends WriteControl {
  /** Replaces a checkpoint of that name, which otherwise is an error. */
  readonly overwrite?: boolean;
  /** Its `README.md`; none unless given. */
  readonly card?: string;
}

/** Fills a folder with the files of a vocabulary. */
export type WriteTokenizer = (folder: string) => Promise<void>;

/** Writes the vocabulary of an opened checkpoint; null where it has none. */
export function tokenizerWriter(from: string | null): WriteTokenizer | null {
  if (from === null) return null;
  // The package holds less of it than a checkpoint does.
  if (from === clipTokenizerFolder()) return writeClipTokenizer;
  return async (folder) => {
    await makeFolder(folder);
    const entries = await readdir(from, { withFileTypes: true });
    for (const entry of entries) {
      // Download caches hold links to files.
      if (!entry.isDirectory()) await copyFile(join(from, entry.name), join(folder, entry.name));
    }
  };
}

/**
 * Writes a checkpoint as a folder that diffusers loads, holding one tensor at a time in memory. It appears under
 * its name when all of it is on disk. The same checkpoint gives the same bytes.
 * @throws WeightsError when the folder exists, a weight is not finite or not what it should be, or the system refuses.
 */
export async function writeCheckpoint(
  folder: string,
  pipeline: PipelineToWrite,
  writeTokenizer: WriteTokenizer | null,
  options: WriteCheckpointOptions = {},
): Promise<void> {
  const components = componentsOf(pipeline);
  const types = [...components.values()].flatMap(({ weights }) => [...weights.entries.values()]);
  const watched = watchedSources(bytesOfTypes(types), options);
  const write = async (partial: string): Promise<void> => {
    for (const [name, { file, network, weights }] of components) {
      await mkdir(join(partial, name));
      await writeFile(join(partial, name, configFileName), jsonText(file));
      const path = join(partial, name, `${weightStem(network)}.safetensors`);
      await replaceFile(path, streamSafetensors(watched(weights, `${name}.`)));
    }
    await mkdir(join(partial, 'scheduler'));
    const scheduler = jsonText(pipeline.schedulerFile);
    await writeFile(join(partial, 'scheduler', schedulerFileName), scheduler);
    await writeTokenizer?.(join(partial, 'tokenizer'));
    const index = pipelineIndex(pipeline, writeTokenizer !== null);
    await writeFile(join(partial, indexFileName), jsonText(index));
    if (options.card !== undefined) await writeFile(join(partial, 'README.md'), options.card);
  };
  await replaceFolder(folder, write, options.overwrite ? { replaces: indexFileName } : {});
}

/**
 * Writes a checkpoint as one `.safetensors` file of the original layout, which holds no vocabulary. Configs are
 * noted in its header.
 * @throws ModelError when the file exists; WeightsError as `writeCheckpoint`.
 */
export async function writeLdmFile(
  path: string,
  pipeline: PipelineToWrite,
  options: WriteCheckpointOptions = {},
): Promise<void> {
  if (!path.endsWith('.safetensors')) {
    throw new ModelError(`${path}: expected a name that ends in .safetensors`);
  }
  if (!options.overwrite && (await kindOf(path)) !== undefined) {
    throw new ModelError(`${path}: expected no such file yet, got one`);
  }
  const { weights, metadata } = ldmContents(pipeline);
  const watched = watchedSources(bytesOfTypes(weights.entries.values()), options);
  await replaceFile(path, streamSafetensors(watched(weights), metadata));
}
