import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/nanosd.js', import.meta.url));

/** A `nanosd serve` of its own, on a free port of the loopback. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  isAlive(): boolean;
  /** Megabytes that are resident. */
  rss(): Promise<number>;
  metric(name: string): Promise<number>;
  /** What lies in its folder for temporary files. */
  leftovers(): Promise<readonly string[]>;
  /** The lines of its log that tell of faults. */
  faults(): readonly string[];
  /** Asks it to stop, and waits for its exit code. */
  stop(): Promise<number | null>;
}

export async function startServer(flags: readonly string[]): Promise<ServerProcess> {
  const temp = await mkdtemp(join(tmpdir(), 'nanosd-check-'));
  const env = { ...process.env, TMPDIR: temp };
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', ...flags], { env });
  const faults: string[] = [];
  let line = '';
  child.stderr.on('data', (chunk: Buffer) => {
    const lines = (line + chunk.toString()).split('\n');
    line = lines.pop() ?? '';
    faults.push(...lines.filter((one) => / error: |^nanosd: /.test(one)));
  });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const url = first.toString().trim();
  const stop = async (): Promise<number | null> => {
    if (child.exitCode !== null) return child.exitCode;
    child.kill('SIGTERM');
    await once(child, 'exit');
    return child.exitCode;
  };
  return {
    url,
    port: Number(new URL(url).port),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    rss: () => residentMegabytes(child.pid ?? 0),
    async metric(name) {
      const text = await (await fetch(new URL('/metrics', url))).text();
      return Number(new RegExp(`^${name} ([\\d.e+]+)$`, 'm').exec(text)?.[1]);
    },
    leftovers: () => readdir(temp),
    faults: () => faults,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(temp, { recursive: true, force: true });
    },
  };
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1000;
}

/** Runs the command to its end. @throws Error with its words when it fails. */
export async function nanosd(...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(stderr);
}
