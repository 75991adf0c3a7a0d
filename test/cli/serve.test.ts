import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nanosd, startNanosd, writeTinyModel, type Command } from './nanosd.js';

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}
interface Job {
  readonly id: string;
  readonly status: string;
  readonly ahead?: number;
  readonly result?: { readonly type: string; readonly bytes: number; readonly width: number };
}

let cwd: string;
let photo: Buffer;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-serve-'));
  await writeTinyModel(join(cwd, 'model'));
  photo = await picture(18, 12);
  await writeFile(join(cwd, 'photo.png'), photo);
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

function picture(width: number, height: number): Promise<Buffer> {
  const background = { r: 200, g: 120, b: 40 };
  return sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
}

interface Running {
  readonly url: string;
  readonly command: Command;
  /** The server's own folder of temporary files. */
  readonly temp: string;
}

async function start(...flags: readonly string[]): Promise<Running> {
  const temp = await mkdtemp(join(cwd, 'temp-'));
  const args = ['serve', '--port', '0', '-m', 'model', ...flags];
  const command = startNanosd(cwd, args, [], { TMPDIR: temp });
  const url = await new Promise<string>((resolve, reject) => {
    command.process.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    void command.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  return { url, command, temp };
}

async function stop({ command }: Running): Promise<void> {
  command.process.kill('SIGTERM');
  await command.ended;
}

const post = (url: string, body: Uint8Array<ArrayBuffer> | FormData, headers = {}) =>
  fetch(url, { method: 'POST', body, headers });
const bytesOf = (buffer: Buffer) => new Uint8Array(buffer);
const failure = async (response: Response) => {
  const { error } = (await response.json()) as Failure;
  return { status: response.status, ...error };
};

describe('nanosd serve', () => {
  let server: Running;
  beforeAll(async () => {
    server = await start('--max-bytes', '1MB', '--max-pixels', '1MP', '--max-result-pixels', '1MP');
  }, 60_000);
  afterAll(() => stop(server));
  const to = (path: string) => new URL(path, server.url).href;

  it('gives what the command gives, byte for byte, and says what was done', async () => {
    await nanosd(cwd, 'restore', 'photo.png', '-o', 'out.webp', '-s', '2.5', '-m', 'model');
    const response = await post(to('/v1/restore?scale=2.5&format=webp'), bytesOf(photo));
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/webp',
      'nanosd-model': 'model',
      'nanosd-task': 'sr',
      'nanosd-device': 'cpu',
      'nanosd-size': '45x30',
      'server-timing': expect.stringMatching(/^wait;dur=[\d.]+, restore;dur=[\d.]+$/) as string,
      'x-content-type-options': 'nosniff',
    });
    const expected = await readFile(join(cwd, 'out.webp'));
    expect(Buffer.from(await response.arrayBuffer()).equals(expected)).toBe(true);
  });

  it('takes forms, whose fields are parameters', async () => {
    const form = new FormData();
    form.set('image', new Blob([bytesOf(photo)]), '../../etc/passwd');
    form.set('width', '40');
    const response = await post(to('/v1/restore?format=jpg'), form);
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(response.headers.get('nanosd-size')).toBe('40x27');
    form.set('format', 'png');
    const twice = await failure(await post(to('/v1/restore?format=jpg'), form));
    expect(twice).toMatchObject({ status: 400, code: 'bad_parameter' });
    form.append('image', new Blob([bytesOf(photo)]));
    expect(await failure(await post(to('/v1/restore'), form))).toEqual({
      status: 400,
      code: 'bad_form',
      message: 'expected one file in the form, got 2',
    });
    const type = { 'Content-Type': 'multipart/form-data; boundary=x' };
    const torn = await post(to('/v1/restore'), bytesOf(Buffer.from('--x\r\nhello')), type);
    expect(await failure(torn)).toMatchObject({ status: 400, code: 'bad_form' });
  });

  it('refuses what is wrong in words', async () => {
    const huge = Buffer.from(photo);
    huge.writeUInt32BE(40_000, 16);
    huge.writeUInt32BE(40_000, 20);
    const cases: [query: string, body: Buffer, status: number, message: RegExp][] = [
      ['scale=0', photo, 400, /scale: expected a number from 0.25 to 16, got "0"/],
      ['scale=1e3', photo, 400, /got "1e3"/],
      ['width=2.5', photo, 400, /width: expected a whole number from 1 to 65535/],
      ['scale=2&width=4', photo, 400, /expected it without width and height/],
      ['scale=2&scale=3', photo, 400, /expected it once, got it twice/],
      ['path=/etc/passwd', photo, 400, /"path": expected one of the parameters task, model/],
      ['format=exe', photo, 400, /format: expected one of png, jpeg/],
      ['model=other', photo, 400, /model: expected one of model/],
      ['task=deblur', photo, 400, /task: expected one of sr/],
      ['width=1', photo, 400, /expected a result at least 0.25 times as large/],
      ['', Buffer.alloc(0), 400, /expected an image as the body, got no bytes/],
      ['', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415, /got something else/],
      ['', Buffer.from('\0\0\0\x18ftypheic'), 415, /got HEIC/],
      ['', photo.subarray(0, 40), 422, /the image is damaged/],
      ['', Buffer.alloc(1_000_001), 413, /at most 1000000 bytes, got 1000001; send a smaller file/],
      ['', huge, 413, /a photo of at most 1000000 pixels, got 40000x40000; send a smaller/],
      ['width=60000', photo, 413, /a result of at most 1000000 pixels, got 60000x40000/],
    ];
    for (const [query, body, status, message] of cases) {
      const response = await failure(await post(to(`/v1/restore?${query}`), bytesOf(body)));
      expect(response).toMatchObject({ status, message: expect.stringMatching(message) as string });
    }
    const type = { 'Content-Type': 'text/html' };
    const html = await post(to('/v1/restore'), bytesOf(photo), type);
    expect(await failure(html)).toMatchObject({ status: 415, code: 'unsupported_type' });
    const zipped = await post(to('/v1/restore'), bytesOf(photo), { 'Content-Encoding': 'gzip' });
    expect(await failure(zipped)).toMatchObject({ status: 415, code: 'unsupported_encoding' });
    const foreign = await post(to('/v1/restore'), bytesOf(photo), {
      Origin: 'http://evil.example',
    });
    expect(await failure(foreign)).toMatchObject({ status: 403, code: 'foreign_origin' });
    expect((await fetch(to('/nothing'))).status).toBe(404);
    const wrong = await fetch(to('/v1/restore'));
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('runs jobs, and forgets them when told to', async () => {
    const accepted = await post(to('/v1/jobs?scale=3'), bytesOf(photo));
    expect(accepted.status).toBe(202);
    const self = to(accepted.headers.get('location') ?? '');
    let job = (await accepted.json()) as Job;
    while (job.status !== 'done') {
      expect(['waiting', 'running']).toContain(job.status);
      job = (await (await fetch(self)).json()) as Job;
    }
    expect(job.result).toMatchObject({ type: 'image/png', width: 54, lost: [] });
    const result = await fetch(`${self}/result`);
    expect(result.headers.get('content-type')).toBe('image/png');
    const { width } = await sharp(await result.arrayBuffer()).metadata();
    expect(width).toBe(54);
    expect((await fetch(self, { method: 'DELETE' })).status).toBe(204);
    expect(await failure(await fetch(self))).toMatchObject({ status: 404, code: 'no_such_job' });
    expect((await fetch(`${self}/result`)).status).toBe(404);
  });

  it('tells about itself', async () => {
    expect(await (await fetch(to('/healthz'))).json()).toEqual({ status: 'ok' });
    expect((await fetch(to('/readyz'))).status).toBe(200);
    const { models } = (await (await fetch(to('/v1/models'))).json()) as { models: unknown };
    expect(models).toEqual([{ name: 'model', task: 'sr', scale: 4, device: 'cpu' }]);
    const metrics = await (await fetch(to('/metrics'))).text();
    expect(metrics).toMatch(
      /nanosd_requests_total\{route="\/v1\/restore",method="POST",code="200"\} \d/,
    );
    expect(metrics).toMatch(/^nanosd_queue_waiting 0$/m);
    expect(metrics).toMatch(/^process_resident_memory_bytes \d{8,}$/m);
    expect(metrics).toMatch(/^nanosd_restore_seconds_bucket\{le="\+Inf"\} \d+$/m);
    const api = (await (await fetch(to('/openapi.json'))).json()) as { paths: object };
    expect(Object.keys(api.paths)).toContain('/v1/jobs/{id}/result');
    const page = await fetch(server.url, { headers: { Accept: 'text/html' } });
    expect(await page.text()).toMatch(/^<!doctype html>[\s\S]*at most 1 MB and 1 megapixels/);
    const head = await fetch(to('/metrics'), { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('says no to a body before it is sent', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { Expect: '100-continue', 'Content-Length': 5e6 };
      const asked = request(to('/v1/restore'), { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('continue', () => reject(new Error('expected no invitation')));
      asked.on('error', reject).flushHeaders();
    });
    expect(status).toBe(413);
  });

  it('answers what is no HTTP', async () => {
    const { port } = new URL(server.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('hello\r\n\r\n'));
      socket.on('data', (chunk) => resolve(chunk.toString()));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*expected an HTTP request/);
  });

  it('leaves no files behind', async () => {
    expect(await readdir(server.temp)).toEqual([]);
  });
});

describe('a busy nanosd serve', () => {
  const slow = () => picture(700, 700);

  it('refuses what it has no room for, and takes back places whose clients have gone', async () => {
    const server = await start('--concurrency', '1', '--queue-limit', '1', '--tile', '96');
    try {
      const restore = new URL('/v1/restore', server.url).href;
      const jobs = new URL('/v1/jobs', server.url).href;
      const body = bytesOf(await slow());
      const first = (await (await post(jobs, body)).json()) as Job;
      const leaving = new AbortController();
      const second = fetch(restore, { method: 'POST', body, signal: leaving.signal });
      const metric = async (name: string) => {
        const text = await (await fetch(new URL('/metrics', server.url))).text();
        return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
      };
      while ((await metric('nanosd_queue_waiting')) !== 1) await delay(5);
      const third = await post(restore, body);
      expect(third.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await failure(third)).toMatchObject({ status: 429, code: 'busy' });
      leaving.abort();
      await expect(second).rejects.toThrow();
      while ((await metric('nanosd_queue_waiting')) !== 0) await delay(5);
      const job = (await (await post(jobs, body)).json()) as Job;
      expect(job).toMatchObject({ status: 'waiting', ahead: 1 });
      expect((await fetch(`${jobs}/${first.id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await fetch(`${jobs}/${job.id}`, { method: 'DELETE' })).status).toBe(204);
      while ((await metric('nanosd_queue_running')) !== 0) await delay(5);
      expect(await metric('nanosd_upload_bytes')).toBe(0);
      expect(await readdir(server.temp)).toEqual([]);
    } finally {
      await stop(server);
    }
  }, 60_000);

  it('gives up what takes too long', async () => {
    const server = await start('--timeout', '0.2', '--tile', '96');
    try {
      const response = await post(new URL('/v1/restore', server.url).href, bytesOf(await slow()));
      expect(await failure(response)).toEqual({
        status: 503,
        code: 'timeout',
        message: 'expected to restore the photo within 0.2 s; send a smaller one',
      });
    } finally {
      await stop(server);
    }
    expect(await readdir(server.temp)).toEqual([]);
  }, 60_000);

  it('finishes what it has when told to stop, and takes nothing more', async () => {
    const server = await start('--json');
    const restore = new URL('/v1/restore', server.url).href;
    const asked = post(restore, bytesOf(await picture(300, 300)));
    const metrics = new URL('/metrics', server.url);
    while (!/nanosd_queue_running 1/.test(await (await fetch(metrics)).text())) await delay(5);
    server.command.process.kill('SIGTERM');
    await delay(50);
    const refused = await post(restore, bytesOf(photo)).catch(() => undefined);
    if (refused) expect(await failure(refused)).toMatchObject({ status: 503, code: 'stopping' });
    expect((await asked).status).toBe(200);
    const { code, stderr } = await server.command.ended;
    expect(code).toBe(0);
    const lines = stderr.trimEnd().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message);
    expect(messages).toContain('POST /v1/restore 200');
    expect(messages.at(-1)).toBe('stopped');
    expect(await readdir(server.temp)).toEqual([]);
  }, 60_000);

  it('abandons what is not done in time', async () => {
    const server = await start('--drain', '0.2', '--tile', '96');
    const asked = post(new URL('/v1/restore', server.url).href, bytesOf(await slow()));
    const metrics = new URL('/metrics', server.url);
    while (!/nanosd_queue_running 1/.test(await (await fetch(metrics)).text())) await delay(5);
    server.command.process.kill('SIGTERM');
    expect(await failure(await asked)).toMatchObject({ status: 503, code: 'stopping' });
    const { code, stderr } = await server.command.ended;
    expect(code).toBe(143);
    expect(stderr).toMatch(/nanosd: stopped; 1 photo had to be abandoned\n$/);
    expect(await readdir(server.temp)).toEqual([]);
  }, 60_000);
});

it('says what is wrong with an address', async () => {
  const { code, stderr } = await nanosd(cwd, 'serve', '--host', '203.0.113.1', '-m', 'model');
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^nanosd: expected an address and a port to listen on, got 203\.0\.113\.1:8787 \(EADDRNOTAVAIL\)\n$/,
  );
}, 60_000);

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
