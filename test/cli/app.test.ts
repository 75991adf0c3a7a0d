import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { startNanosd } from './nanosd.js';

const host = '127.0.0.1';

function get(port: number, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const asked = request({ host, port, path, method, headers }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, headers: response.headers });
      });
      asked.on('error', reject).end();
    },
  );
}

it('serves the app to this machine, isolated, until it is told to stop', async () => {
  const command = startNanosd(tmpdir(), ['app', '--port', '0']);
  const port = await new Promise<number>((resolve) => {
    command.process.stdout?.on('data', (chunk: Buffer) => {
      resolve(Number(new URL(chunk.toString().trim()).port));
    });
  });
  const page = await get(port, '/');
  expect(page.status).toBe(200);
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'x-content-type-options': 'nosniff',
  });
  expect(page.headers['content-security-policy']).not.toMatch(/'unsafe-(inline|eval)'/);
  const engine = await get(port, '/ort-0.0.0/ort-wasm-simd-threaded.wasm', {}, 'HEAD');
  expect([engine.status, engine.headers['content-type']]).toEqual([200, 'application/wasm']);
  const refused = [
    get(port, '/', { Host: 'evil.example' }),
    get(port, '/', {}, 'POST'),
    get(port, '/../../package.json'),
    get(port, '/%2e%2e/%2e%2e/package.json'),
    get(port, '/.app-stamp'),
  ];
  const statuses = (await Promise.all(refused)).map(({ status }) => status);
  expect(statuses).toEqual([403, 405, 404, 404, 404]);
  command.process.kill('SIGTERM');
  expect((await command.ended).code).toBe(143);
}, 120_000);
