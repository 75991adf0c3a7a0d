// Checkpoints in several files, with an index (`model.safetensors.index.json`) that says which file holds
// which tensor: the convention of the Hugging Face libraries.

import type { ByteSource } from './byte-source.js';
import { abbreviate, labelled, quoteName, WeightsError } from './errors.js';
import { checkpointOf, openSafetensors, type Checkpoint, type TensorEntry } from './safetensors.js';
import { asJsonObject, parseStrictJson } from './strict-json.js';

const MAX_INDEX_BYTES = 100_000_000;

/**
 * Parses an index into the file name of every tensor, in the order of its `weight_map`.
 * @throws WeightsError when it is not an index, or when a file name is more than a plain file name.
 */
export function parseShardIndex(json: Uint8Array): ReadonlyMap<string, string> {
  const root = asJsonObject(parseStrictJson(new TextDecoder().decode(json)));
  const weightMap = asJsonObject(root?.get('weight_map'));
  if (!weightMap) throw new WeightsError('expected an index with an object "weight_map"');
  const fileNames = new Map<string, string>();
  for (const [name, fileName] of weightMap) {
    if (typeof fileName !== 'string') {
      throw new WeightsError(`tensor ${quoteName(name)}: expected the name of a file`);
    }
    // A separator, a drive letter or a control character could lead outside the checkpoint's folder.
    if (!/^[^/\\:\p{C}]+\.safetensors$/u.test(fileName)) {
      throw new WeightsError(
        `tensor ${quoteName(name)}: expected a plain file name ending in .safetensors, ` +
          `got ${quoteName(fileName)}`,
      );
    }
    fileNames.set(name, fileName);
  }
  return fileNames;
}

/**
 * Opens a sharded checkpoint: reads the index and the header of every shard, and nothing else.
 * @param openShard gives the shard of that file name, or undefined where there is none.
 * @throws WeightsError listing every missing shard, or every tensor on which index and shards disagree.
 */
export async function openSharded(
  index: ByteSource,
  openShard: (fileName: string) => Promise<ByteSource | undefined>,
): Promise<Checkpoint> {
  if (index.size > MAX_INDEX_BYTES) {
    throw new WeightsError(
      `${index.name}: expected an index of at most ${MAX_INDEX_BYTES} bytes, got ${index.size}`,
    );
  }
  const json = await index.read(0, index.size);
  const fileNames = labelled(index.name, () => parseShardIndex(json));
  const shards = await openShards(index.name, new Set(fileNames.values()), openShard);
  const entries = labelled(index.name, () => collectEntries(fileNames, shards));
  const metadata = Object.fromEntries(
    [...shards.values()].flatMap((shard) => Object.entries(shard.metadata)),
  );
  return checkpointOf(entries, metadata, (entry) => {
    const shard = shards.get(fileNames.get(entry.name) ?? '');
    return shard ? shard.read(entry.name) : Promise.reject(new WeightsError('unknown shard'));
  });
}

async function openShards(
  indexName: string,
  fileNames: ReadonlySet<string>,
  openShard: (fileName: string) => Promise<ByteSource | undefined>,
): Promise<ReadonlyMap<string, Checkpoint>> {
  const sources = new Map<string, ByteSource>();
  const missing: string[] = [];
  for (const fileName of fileNames) {
    const source = await openShard(fileName);
    if (source) sources.set(fileName, source);
    else missing.push(fileName);
  }
  if (missing.length > 0) {
    throw new WeightsError(
      `${indexName}: ${missing.length} of ${fileNames.size} shards are missing: ` +
        abbreviate(missing).join(', '),
    );
  }
  const shards = new Map<string, Checkpoint>();
  for (const [fileName, source] of sources) shards.set(fileName, await openSafetensors(source));
  return shards;
}

function collectEntries(
  fileNames: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, Checkpoint>,
): readonly TensorEntry[] {
  const entries: TensorEntry[] = [];
  const problems: string[] = [];
  for (const [name, fileName] of fileNames) {
    const entry = shards.get(fileName)?.entries.get(name);
    if (entry) entries.push(entry);
    else problems.push(`${quoteName(name)} is not in ${fileName}`);
  }
  for (const [fileName, shard] of shards) {
    for (const name of shard.entries.keys()) {
      if (fileNames.get(name) === fileName) continue;
      problems.push(`${quoteName(name)} of ${fileName} is not in the index`);
    }
  }
  if (problems.length > 0) throw new WeightsError(abbreviate(problems).join('; '));
  return entries;
}
