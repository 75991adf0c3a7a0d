import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DistillEvent } from '../../src/distillation/index.js';

const program = fileURLToPath(new URL('../../bin/nanosd.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command with processes of its own, which can be killed all at once. */
export interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with the first event that fits, of those that it has told or will. */
  event(fits: (event: DistillEvent) => boolean): Promise<DistillEvent>;
  /** Kills it and all that it has started. */
  killAll(): void;
}

export function start(...args: readonly string[]): Started {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let [stdout, stderr] = ['', ''];
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    process: child,
    ended,
    event: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = eventsOf(stdout).find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`never told\n${stdout}\n${stderr}`)));
      }),
    killAll() {
      const isOver = child.exitCode !== null || child.signalCode !== null;
      if (child.pid !== undefined && !isOver) process.kill(-child.pid, 'SIGKILL');
    },
  };
}

export const run = (...args: readonly string[]): Promise<Ended> => start(...args).ended;

export function eventsOf(stdout: string): DistillEvent[] {
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as DistillEvent);
}

/** The names of the surrogates of a folder, and what tells their weights from others. */
export async function surrogatesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => /^[ED]\d-/.test(entry.name)).map(({ name }) => name);
  const digests = await Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(folder, name, 'diffusion_pytorch_model.safetensors'));
      return [name, createHash('sha256').update(bytes).digest('hex')] as const;
    }),
  );
  return Object.fromEntries(digests);
}
