import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder, type LockHolder } from './folderLock-node.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-lock-'));
  path = join(folder, 'run.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a lock of this process says, changed and left behind. */
async function leave(changes: Partial<LockHolder>, ageMs = 0): Promise<void> {
  const lock = await lockFolder(folder);
  const own = JSON.parse(await readFile(path, 'utf8')) as LockHolder;
  await lock[Symbol.asyncDispose]();
  await writeFile(path, JSON.stringify({ ...own, token: 'another', ...changes }));
  const at = new Date(Date.now() - ageMs);
  await utimes(path, at, at);
}

/** The number of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.on('close', resolve));
  return child.pid ?? NaN;
}

const take = async (): Promise<void> => {
  await using lock = await lockFolder(folder);
  await lock.check();
};

describe('a folder', () => {
  it('is held by one at a time, and leaves nothing behind', async () => {
    await using first = await lockFolder(folder);
    await expect(take()).rejects.toThrow(
      `${path}: expected a folder that no other run writes to, got one held by process ${process.pid} on `,
    );
    await first.check();
    await first[Symbol.asyncDispose]();
    await take();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is free after a holder that has ended on this machine', async () => {
    await leave({ pid: await endedProcess() });
    await take();
  });

  it('is free after a restart, when another process has the number', async () => {
    await leave({ pid: process.ppid, began: '1' });
    await take();
  });

  it('is held from elsewhere as long as there are signs of life', async () => {
    const elsewhere = { host: 'elsewhere', pid: await endedProcess() };
    await leave(elsewhere, 30_000);
    await expect(take()).rejects.toThrow('on elsewhere since');
    await leave(elsewhere, 120_000);
    await take();
  });

  it('is held by a process in another container of the same name', async () => {
    await leave({ boot: 'same boot, other numbers', pid: await endedProcess() });
    await expect(take()).rejects.toThrow('held by process');
  });

  it('is free after one that was ended while it wrote its lock', async () => {
    await writeFile(path, '');
    await expect(take()).rejects.toThrow('expected a folder that no other run writes to');
    const at = new Date(Date.now() - 120_000);
    await utimes(path, at, at);
    await take();
  });

  it('is taken over by one of many', async () => {
    await leave({ pid: await endedProcess() });
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const locks = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(locks).toHaveLength(1);
    await locks[0].check();
    await locks[0][Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual([]);
  });

  it('that was taken over meanwhile is noticed', async () => {
    await using lock = await lockFolder(folder);
    const own = JSON.parse(await readFile(path, 'utf8')) as LockHolder;
    await writeFile(path, JSON.stringify({ ...own, token: 'another', pid: 7, host: 'there' }));
    await expect(lock.check()).rejects.toThrow('held by process 7 on there since');
    await lock[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual(['run.lock']);
  });
});
