import { dirname, join } from 'node:path';
import type { Tensor, Weights } from '../tensor/index.js';
import { labelled } from './errors.js';
import { openFile, openFileIfPresent, type FileSource } from './file-node.js';
import { replaceFile } from './replace-file-node.js';
import { encodeSafetensors, openSafetensors, type Checkpoint } from './safetensors.js';
import { openSharded } from './sharded.js';

/** A checkpoint whose files stay open until it is closed. */
export interface CheckpointFile extends Checkpoint, AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Opens a `.safetensors` file or, for a path ending in `.json`, the index of a sharded checkpoint. Reads
 * headers only.
 * @throws WeightsError naming the file when it is absent, unreadable or invalid.
 */
export async function openSafetensorsFile(path: string): Promise<CheckpointFile> {
  const files: FileSource[] = [];
  const keep = <File extends FileSource | undefined>(file: File): File => {
    if (file) files.push(file);
    return file;
  };
  const close = async (): Promise<void> => {
    await Promise.all(files.splice(0).map((file) => file.close()));
  };
  try {
    const source = keep(await openFile(path));
    const openShard = async (fileName: string): Promise<FileSource | undefined> =>
      keep(await openFileIfPresent(join(dirname(path), fileName)));
    const checkpoint = path.endsWith('.json')
      ? await openSharded(source, openShard)
      : await openSafetensors(source);
    return { ...checkpoint, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Every tensor of a safetensors file, or of a sharded checkpoint given by its index. */
export async function readSafetensorsFile(
  path: string,
): Promise<{ tensors: Map<string, Tensor>; metadata: Record<string, string> }> {
  const checkpoint = await openSafetensorsFile(path);
  try {
    return { tensors: await checkpoint.readAll(), metadata: { ...checkpoint.metadata } };
  } finally {
    await checkpoint.close();
  }
}

/**
 * Writes a safetensors file in the order of the map. The bytes depend on nothing else, and a crash at any
 * moment leaves `path` as it was before or complete.
 * @throws WeightsError when the format cannot hold the weights or the system refuses.
 */
export async function writeSafetensorsFile(
  path: string,
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const chunks = labelled(path, () => encodeSafetensors(weights, metadata));
  await replaceFile(path, chunks);
}
