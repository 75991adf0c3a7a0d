import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../../models/index.js';
import { WeightsError } from '../../../weights/index.js';
import { makeFolder } from '../../../weights/makeFolder-node.js';
import { replaceFile } from '../../../weights/replace-file-node.js';
import { recordBytes, type PoolPlane } from './poolPlan.js';

/** What the samples of a pool are made of: plain data, the same for all runs that share it. */
export type PoolIdentity = Readonly<Record<string, unknown>>;

/** Where a pool lies and how. */
export interface PoolPlace {
  readonly folder: string;
  readonly planes: readonly PoolPlane[];
  /** Of `PoolRecord`s. */
  readonly key: number;
  readonly samplesInFile: number;
}

const headName = 'pool.json';
const fileName = /^samples-(\d+)\.bin$/;
const STALE_MS = 600_000;

/** A pool below `folder`, named by a hash of what it is made of. */
export function poolPlace(
  folder: string,
  identity: PoolIdentity,
  planes: readonly PoolPlane[],
  samplesInFile: number,
): PoolPlace {
  const made = JSON.stringify([identity, planes, samplesInFile]);
  const hash = createHash('sha256').update(made).digest();
  const name = hash.toString('hex').slice(0, 16);
  return {
    folder: join(folder, `pool-${name}`),
    planes,
    key: hash.readUInt32LE(0),
    samplesInFile,
  };
}

/**
 * Makes the folder of a pool, and says in `pool.json` what it is made of.
 * @throws ConfigError for one that says otherwise, with every key; WeightsError when the system refuses.
 */
export async function openPoolFolder(
  { folder }: PoolPlace,
  identity: PoolIdentity,
  onWarning: (warning: string) => void,
): Promise<void> {
  await makeFolder(folder);
  const path = join(folder, headName);
  const found = await readHead(path);
  if (found === 'damaged') onWarning(`${path}: damaged; it is written again`);
  else if (found !== 'none') requireSamePool(path, found, identity);
  if (found === 'none' || found === 'damaged') {
    const text = `${JSON.stringify(identity, null, 2)}\n`;
    await replaceFile(path, [new TextEncoder().encode(text)]);
  }
  await removeStalePartials(folder);
}

async function readHead(path: string): Promise<PoolIdentity | 'none' | 'damaged'> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return 'none';
  try {
    const value: unknown = JSON.parse(text);
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMapping ? (value as PoolIdentity) : 'damaged';
  } catch {
    return 'damaged';
  }
}

function requireSamePool(path: string, found: PoolIdentity, wanted: PoolIdentity): void {
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const lines = [...keys].flatMap((key) => {
    const [expected, got] = [wanted[key], found[key]].map(
      (side) => JSON.stringify(side) ?? 'nothing',
    );
    return expected === got ? [] : [`${key}: expected ${expected}, got ${got}`];
  });
  if (lines.length === 0) return;
  const head = `${path}: expected the pool of this data section, got that of another:`;
  throw new ConfigError(
    [head, ...lines, 'move the folder away, or name another data.pool.folder'].join('\n'),
  );
}

export function poolFilePath({ folder }: PoolPlace, file: number): string {
  return join(folder, `samples-${String(file).padStart(6, '0')}.bin`);
}

/** Bytes of a whole file. */
export function poolFileBytes({ planes, samplesInFile }: PoolPlace): number {
  return recordBytes(planes) * samplesInFile;
}

/** The files of samples `from` to `to - 1`. */
export function filesOf({ samplesInFile }: PoolPlace, from: number, to: number): number[] {
  const [first, last] = [Math.floor(from / samplesInFile), Math.ceil(to / samplesInFile)];
  return Array.from({ length: last - first }, (_, i) => first + i);
}

/** Those files that are not there as a whole; what was cut off or grew is reported. */
export async function missingFiles(
  place: PoolPlace,
  files: readonly number[],
  onWarning: (warning: string) => void,
): Promise<number[]> {
  const missing: number[] = [];
  for (const file of files) {
    const path = poolFilePath(place, file);
    const found = await stat(path).catch(() => null);
    if (found?.size === poolFileBytes(place)) continue;
    missing.push(file);
    if (!found) continue;
    onWarning(`${path}: damaged (${found.size} bytes); it is made again`);
  }
  return missing;
}

/**
 * Checks that files fit on the disk before any is made.
 * @throws WeightsError saying what is needed and what there is.
 */
export async function requireRoom(place: PoolPlace, files: number): Promise<void> {
  const needed = files * poolFileBytes(place);
  const { bavail, bsize } = await statfs(place.folder);
  const free = bavail * bsize;
  if (needed <= free) return;
  throw new WeightsError(
    `${place.folder}: expected ${megabytes(needed)} free for the pool, got ${megabytes(free)}; ` +
      'fewer data.pool.samples need less, or data.pool.folder on another disk',
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** Notes that files are in use. */
export async function touchFiles(place: PoolPlace, files: readonly number[]): Promise<void> {
  const now = new Date();
  await Promise.all(
    files.map((file) => utimes(poolFilePath(place, file), now, now).catch(() => undefined)),
  );
}

/** Removes files beyond `limit` bytes, those not used for longest first, but none of `inUse`. */
export async function limitFiles(
  place: PoolPlace,
  limit: number,
  inUse: ReadonlySet<number>,
): Promise<void> {
  const names = (await readdir(place.folder)).filter((name) => fileName.test(name));
  let bytes = names.length * poolFileBytes(place);
  if (bytes <= limit) return;
  const others = names
    .map((name) => Number(fileName.exec(name)?.[1]))
    .filter((file) => !inUse.has(file));
  const dated = await Promise.all(
    others.map(async (file) => {
      const found = await stat(poolFilePath(place, file)).catch(() => null);
      return { file, usedAt: found?.mtimeMs ?? 0 };
    }),
  );
  for (const { file } of dated.sort((a, b) => a.usedAt - b.usedAt || a.file - b.file)) {
    if (bytes <= limit) return;
    await rm(poolFilePath(place, file), { force: true });
    bytes -= poolFileBytes(place);
  }
}

/** What writing that was interrupted has left; what is young may be that of another process which writes now. */
async function removeStalePartials(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.partial')) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(path, { force: true });
  }
}
