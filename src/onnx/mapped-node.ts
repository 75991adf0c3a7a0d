import { realpath } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import type { Graph } from '../graph/index.js';
import { describeSystemError } from '../weights/file-node.js';
import { WeightsError, type Checkpoint } from '../weights/index.js';
import type { ExternalData } from './proto.js';

/** The params of a graph as places in the files of a checkpoint. */
export interface MappedWeights {
  /** The folder that all locations are relative to, and inside of: runtimes follow no path out of it. */
  readonly folder: string;
  readonly initializers: ReadonlyMap<string, ExternalData>;
}

/**
 * Finds a graph's params in a checkpoint, so that a runtime maps them from there; params that the
 * checkpoint does not have are left out.
 * @throws WeightsError naming a file that cannot be found; Error when files share no folder.
 */
export async function mapCheckpoint(graph: Graph, checkpoint: Checkpoint): Promise<MappedWeights> {
  const entries = graph.params.flatMap(({ name }) => checkpoint.entries.get(name) ?? []);
  const strided = entries.find(({ strides }) => strides);
  if (strided) {
    throw new WeightsError(
      `${strided.file}: ${strided.name}: expected elements in row-major order, got a transposed view; convert the file first`,
    );
  }
  const paths = new Map<string, string>();
  for (const file of new Set(entries.map((entry) => entry.file))) {
    // Download caches hold links, and a runtime looks at where a link leads.
    paths.set(file, await realpath(file).catch((error: unknown) => fail(file, error)));
  }
  const folder = commonFolder([...paths.values()]);
  const initializers = entries.map(({ name, dtype, shape, file, offset, byteLength }) => {
    const location = relative(folder, paths.get(file) ?? file)
      .split(sep)
      .join('/');
    return [name, { dtype, shape, location, offset, length: byteLength }] as const;
  });
  return { folder, initializers: new Map(initializers) };
}

function fail(file: string, error: unknown): never {
  throw describeSystemError(file, error);
}

function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => dirname(path).split(sep));
  const shared = first.findIndex((part, i) => others.some((other) => other[i] !== part));
  const parts = shared === -1 ? first : first.slice(0, shared);
  if (paths.length > 0 && parts.length === 0) {
    throw new Error(`expected weights on one volume, got ${paths.join(', ')}`);
  }
  return parts.join(sep) + sep;
}
