import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nanosd, startNanosd, writeTinyModel, type Command } from './nanosd.js';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis) console.warn('skipped: redis-server is not installed');

interface Job {
  readonly id: string;
  readonly status: string;
  readonly ahead?: number;
  readonly progress?: { readonly done: number; readonly total: number };
  readonly error?: { readonly code: string };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe.skipIf(!hasRedis)('nanosd serve with a Redis', () => {
  let cwd: string;
  let redis: ReturnType<typeof spawn>;
  let redisUrl: string;
  const servers: Command[] = [];

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'nanosd-serve-redis-'));
    await writeTinyModel(join(cwd, 'model'));
    const port = await freePort();
    redisUrl = `redis://127.0.0.1:${port}/0`;
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', cwd];
    redis = spawn('redis-server', args, { stdio: 'ignore' });
    await nanosd(cwd, '--version');
  }, 120_000);
  afterAll(async () => {
    for (const { process } of servers) process.kill('SIGKILL');
    redis.kill('SIGKILL');
    await rm(cwd, { recursive: true, force: true });
  });

  async function start(...flags: readonly string[]): Promise<{ url: string; command: Command }> {
    const args = ['serve', '--port', '0', '-m', 'model', '--redis', redisUrl, ...flags];
    const command = startNanosd(cwd, args);
    servers.push(command);
    const url = await new Promise<string>((resolve, reject) => {
      command.process.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
      void command.ended.then(({ stderr }) => reject(new Error(stderr)));
    });
    return { url, command };
  }

  async function photo(side: number): Promise<Uint8Array<ArrayBuffer>> {
    const background = { r: 10, g: 120, b: 240 };
    const create = { width: side, height: side, channels: 3, background } as const;
    return new Uint8Array(await sharp({ create }).png().toBuffer());
  }

  const submit = async (url: string, body: Uint8Array<ArrayBuffer>) =>
    (await (await fetch(new URL('/v1/jobs', url), { method: 'POST', body })).json()) as Job;
  const job = (url: string, id: string) => fetch(new URL(`/v1/jobs/${id}`, url));

  async function ended(url: string, id: string): Promise<Job> {
    for (;;) {
      const seen = (await (await job(url, id)).json()) as Job;
      if (seen.status === 'done' || seen.status === 'failed') return seen;
      await delay(20);
    }
  }

  it('shares jobs between servers: any of them knows, any of them does it', async () => {
    const [one, other] = [await start(), await start('--concurrency', '1')];
    const body = await photo(20);
    const jobs: Job[] = [];
    for (let i = 0; i < 12; i++) jobs.push(await submit(i % 2 ? one.url : other.url, body));
    for (const { id } of jobs) {
      expect(await ended(one.url, id)).toMatchObject({ status: 'done', result: { width: 80 } });
    }
    const results = await Promise.all(
      jobs.map(async ({ id }) => {
        const result = await fetch(new URL(`/v1/jobs/${id}/result`, other.url));
        expect(result.headers.get('content-type')).toBe('image/png');
        return Buffer.from(await result.arrayBuffer());
      }),
    );
    const direct = await fetch(new URL('/v1/restore', one.url), { method: 'POST', body });
    const expected = Buffer.from(await direct.arrayBuffer());
    expect(results.every((bytes) => bytes.equals(expected))).toBe(true);
    const did = await Promise.all(
      [one, other].map(async ({ url }) => {
        const text = await (await fetch(new URL('/metrics', url))).text();
        return Number(/^nanosd_restore_seconds_count (\d+)$/m.exec(text)?.[1] ?? 0);
      }),
    );
    expect(did[0] + did[1]).toBe(13);
    for (const { command } of [one, other]) {
      command.process.kill('SIGTERM');
      expect((await command.ended).code).toBe(0);
    }
  }, 120_000);

  it('cancels from anywhere, and goes on elsewhere when a server stops', async () => {
    const slow = ['--tile', '96', '--concurrency', '1'];
    const first = await start(...slow, '--drain', '0.1');
    const a = await submit(first.url, await photo(4000));
    const b = await submit(first.url, await photo(20));
    while (((await (await job(first.url, a.id)).json()) as Job).status !== 'running')
      await delay(5);
    expect(await (await job(first.url, b.id)).json()).toMatchObject({
      status: 'waiting',
      ahead: 1,
    });
    first.command.process.kill('SIGTERM');
    const { stderr } = await first.command.ended;
    expect(stderr).toMatch(/1 photo had to be abandoned/);

    const second = await start(...slow);
    while (((await (await job(second.url, a.id)).json()) as Job).status !== 'running')
      await delay(5);
    const third = await start(...slow);
    const removed = await fetch(new URL(`/v1/jobs/${a.id}`, third.url), { method: 'DELETE' });
    expect(removed.status).toBe(204);
    expect((await job(second.url, a.id)).status).toBe(404);
    const damaged = new Uint8Array([...(await photo(20)).subarray(0, 70), ...new Uint8Array(40)]);
    const bad = await submit(second.url, damaged);
    if (bad.id) {
      expect(await ended(third.url, bad.id)).toMatchObject({ error: { code: 'bad_image' } });
    }
    expect(await ended(third.url, b.id)).toMatchObject({ status: 'done' });
  }, 120_000);

  it('restores, and stops, when the Redis has gone', async () => {
    const { url, command } = await start();
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    const body = await photo(20);
    const job = await fetch(new URL('/v1/jobs', url), { method: 'POST', body });
    expect(job.status).toBe(503);
    expect(await job.json()).toMatchObject({ error: { code: 'queue_unreachable' } });
    const direct = await fetch(new URL('/v1/restore', url), { method: 'POST', body });
    expect(direct.status).toBe(200);
    expect((await fetch(new URL('/metrics', url))).status).toBe(200);
    command.process.kill('SIGTERM');
    expect((await command.ended).code).toBe(0);
  }, 60_000);

  it('says that a Redis is not there', async () => {
    const none = `redis://user:secret@127.0.0.1:${await freePort()}`;
    const { code, stderr } = await nanosd(cwd, 'serve', '-m', 'model', '--redis', none);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^nanosd: expected a Redis at redis:\/\/127\.0\.0\.1:\d+, got: .*ECONNREFUSED.*\n$/,
    );
  }, 60_000);
});
