import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../terminal/failures.js';

/** What pairs were made by; a folder holds those of one. */
export interface PairSettings {
  readonly degradation: unknown;
  readonly scale: number;
  readonly seed: number;
  readonly number: number;
}

const recordSchema = z.object({
  settings: z.looseObject({}),
  pairs: z.array(z.looseObject({ name: z.string(), photo: z.string() })),
});

export type PairRecord = z.infer<typeof recordSchema>;

/** Beside HR/ and LQ/, what was drawn for each pair. */
export const recordName = 'degradations.json';

/**
 * What an earlier run with the same settings left in a folder, or null where there was none.
 * @throws UsageError when the folder holds photographs that are degraded, or pairs of other settings.
 */
export async function openOutput(
  output: string,
  inputs: readonly string[],
  settings: PairSettings,
): Promise<PairRecord | null> {
  for (const input of inputs) await requireApart(output, input);
  const record = await readRecord(join(output, recordName));
  if (!record) {
    for (const folder of ['HR', 'LQ']) {
      const names = await readdir(join(output, folder)).catch(() => []);
      if (names.length === 0) continue;
      throw new UsageError(`${output}: expected a folder without pairs, got ${folder}/${names[0]}`);
    }
    return null;
  }
  const [now, then] = [settings, record.settings].map((value) => JSON.stringify(value));
  if (now === then) return record;
  throw new UsageError(
    `${output}: expected a new folder, got one with pairs of other settings (${recordName})`,
  );
}

/** Pairs are never made among the photographs that they are made of. */
async function requireApart(output: string, input: string): Promise<void> {
  const entry = await stat(input).catch((error: unknown) => {
    throw new UsageError(`${input}: expected a photograph or a folder of them, got nothing`, {
      cause: error,
    });
  });
  const folder = await realpath(entry.isDirectory() ? input : dirname(input));
  const targets = [output, join(output, 'HR'), join(output, 'LQ')];
  for (const target of await Promise.all(targets.map(realPlace))) {
    const inside = entry.isDirectory() && `${target}${sep}`.startsWith(`${folder}${sep}`);
    if (target !== folder && !inside) continue;
    throw new UsageError(`${output}: expected a folder apart from the photographs in ${input}`);
  }
}

/** Where a path leads, whether or not its end is there yet. */
async function realPlace(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null) return real;
  const absolute = resolve(path);
  const parent = dirname(absolute);
  return parent === absolute ? absolute : join(await realPlace(parent), basename(absolute));
}

async function readRecord(path: string): Promise<PairRecord | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new UsageError(`${path}: expected the record of pairs`, { cause: error });
  }
}
