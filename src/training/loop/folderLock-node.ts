import { randomUUID } from 'node:crypto';
import { open, readFile, readlink, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../models/index.js';
import { describeSystemError } from '../../weights/file-node.js';
import { replaceFile } from '../../weights/replace-file-node.js';

const lockName = 'run.lock';

/** How often a holder shows that it lives, and after how long without it others believe that it does not. */
const beatMs = 10_000;
const deadMs = 60_000;

const holderSchema = z.object({
  /** Of this holding: no other has it. */
  token: z.string(),
  host: z.string(),
  /** What tells one boot, and one room of process numbers on it, from another; null where the system does not say. */
  boot: z.string().nullable(),
  pid: z.int(),
  /** When the process began, as its system counts; null where it does not say. */
  began: z.string().nullable(),
  /** When the folder was taken. */
  since: z.string(),
});

/** Who holds a folder. */
export type LockHolder = z.output<typeof holderSchema>;

/** A folder that this process holds. */
export interface FolderLock extends AsyncDisposable {
  /**
   * Checks that it still does: a process that slept may have been taken for dead.
   * @throws ConfigError naming who has taken the folder.
   */
  check(): Promise<void>;
}

/**
 * Holds a folder, which exists, against other processes, on this machine or another that shares it. A holder that has
 * ended, however, holds nothing: on the same machine its process is looked for, from elsewhere its lock counts for dead
 * when it has shown no sign of life for a minute.
 * @throws ConfigError naming the holder; WeightsError when the system refuses.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockName);
  const own = await describeSelf();
  if (!(await create(path, own))) await takeOver(path, own);
  const beat = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => undefined);
  }, beatMs);
  beat.unref();
  return {
    async check() {
      const holder = await readHolder(path);
      if (holder !== null && holder.token !== own.token) throw heldBy(path, holder);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      const holder = await readHolder(path);
      if (holder?.token === own.token) await rm(path, { force: true });
    },
  };
}

function heldBy(path: string, { pid, host, since }: LockHolder): ConfigError {
  const holder = `process ${pid} on ${host} since ${since}`;
  return new ConfigError(
    `${path}: expected a folder that no other run writes to, got one held by ${holder}`,
  );
}

/** Whether the lock could be made; false where there is one. */
async function create(path: string, own: LockHolder): Promise<boolean> {
  const file = await open(path, 'wx').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
    throw describeSystemError(path, error);
  });
  if (!file) return false;
  try {
    await file.writeFile(`${JSON.stringify(own)}\n`);
  } catch (error) {
    await rm(path, { force: true });
    throw describeSystemError(path, error);
  } finally {
    await file.close();
  }
  return true;
}

/**
 * Replaces the lock of a holder that has ended. One process at a time judges and replaces, lest one replace the lock
 * that another has just made.
 */
async function takeOver(path: string, own: LockHolder): Promise<void> {
  const judging = `${path}.${TAKING}`;
  const isFree = await create(judging, own);
  if (!isFree && (await ageOf(judging)) > deadMs) {
    // Its maker ended within the moment that judging takes.
    const aside = `${judging}.${randomUUID()}`;
    await rename(judging, aside).catch(() => undefined);
    await rm(aside, { force: true });
    return takeOver(path, own);
  }
  const holder = await readHolder(path);
  if (!isFree) throw heldBy(path, (await readHolder(judging)) ?? holder ?? own);
  try {
    if (await isHeld(path, holder)) throw heldBy(path, holder ?? own);
    await replaceFile(path, [new TextEncoder().encode(`${JSON.stringify(own)}\n`)]);
  } finally {
    await rm(judging, { force: true });
  }
}

const TAKING = 'taking';

async function isHeld(path: string, holder: LockHolder | null): Promise<boolean> {
  // A lock without words is one that is being written, or whose writer was ended then.
  if (holder === null) return (await ageOf(path)) < deadMs;
  const { boot, host, pid } = await describeSelf();
  // Elsewhere, or where the system does not tell when processes began, only signs of life count.
  const isHere = holder.host === host && holder.boot === boot;
  if (isHere && holder.pid !== pid && !isAlive(holder.pid)) return false;
  if (isHere && holder.began !== null) return (await beganAt(holder.pid)) === holder.began;
  return (await ageOf(path)) < deadMs;
}

/** Milliseconds since the holder's last sign of life, by the clock of the disk. */
async function ageOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  if (!found) return Infinity;
  const probe = `${path}.${randomUUID()}.partial`;
  try {
    await (await open(probe, 'wx')).close();
    return (await stat(probe)).mtimeMs - found.mtimeMs;
  } catch {
    return Date.now() - found.mtimeMs;
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

async function readHolder(path: string): Promise<LockHolder | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function describeSelf(): Promise<LockHolder> {
  return {
    token: randomUUID(),
    host: hostname(),
    boot: await bootId(),
    pid: process.pid,
    began: await beganAt(process.pid),
    since: new Date().toISOString(),
  };
}

/** Linux says which boot it is, and which room of process numbers (containers have their own). */
async function bootId(): Promise<string | null> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/**
 * Ticks from boot to the start of a process, the 22nd field of its `stat`, in which names may hold blanks and brackets;
 * null for one that has ended and only waits for its parent to hear of it.
 */
async function beganAt(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
