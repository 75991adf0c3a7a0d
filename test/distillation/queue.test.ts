import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { DistillEvent } from '../../src/distillation/index.js';
import { eventsOf, start, surrogatesOf, type Started } from './command.js';
import { writeTeacher } from './teacher.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

let folder: string;
let redis: ChildProcess | null = null;
let url: string;
const started: Started[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-queue-'));
  if (!hasRedis) return;
  const port = await freePort();
  url = `redis://127.0.0.1:${port}`;
  const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  redis = spawn('redis-server', ['--port', String(port), ...options], { stdio: 'ignore' });
});

afterAll(async () => {
  for (const command of started) command.killAll();
  redis?.kill();
  await rm(folder, { recursive: true, force: true });
});

const begin = (...args: readonly string[]): Started => {
  const command = start(...args);
  started.push(command);
  return command;
};

it.skipIf(!hasRedis)(
  'two workers share 30 surrogates; one is killed, all are finished, none twice (skipped without redis-server)',
  async () => {
    const { teacher, photos } = await writeTeacher(folder);
    const output = join(folder, 'surrogates');
    const plan = [teacher, '--photos', photos, '--steps', '40', '--batch', '2', '--json'];
    const producer = begin('distill', ...plan, '-o', output, '--queue', url);
    const worker = () => begin('distill-worker', '--queue', url, '--lock', '2', '--json');
    const [killed, survivor] = [worker(), worker()];
    const done = await killed.event((event) => event.kind === 'finished');
    await killed.event((event) => event.kind === 'started' && event.name !== nameOf(done));
    killed.killAll();
    const { code, stdout } = await producer.ended;
    expect(code).toBe(0);
    survivor.process.kill('SIGTERM');
    const ofKilled = finishedIn((await killed.ended).stdout);
    const ofSurvivor = finishedIn((await survivor.ended).stdout);

    const finished = finishedIn(stdout);
    expect(new Set(finished).size).toBe(30);
    expect(finished).toHaveLength(30);
    expect(ofKilled.length).toBeGreaterThan(0);
    expect(ofSurvivor.length).toBeGreaterThan(0);
    expect(Object.keys(await surrogatesOf(output))).toHaveLength(30);
    expect(await readdir(join(output, '.work'))).toEqual([]);
    expect((await readdir(output)).filter((name) => /partial|replaced/.test(name))).toEqual([]);
  },
);

const nameOf = (event: DistillEvent): string => ('name' in event ? event.name : '');

const finishedIn = (stdout: string): string[] =>
  eventsOf(stdout.slice(0, stdout.lastIndexOf('\n') + 1)).flatMap((event) =>
    event.kind === 'finished' ? event.name : [],
  );

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
