import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('keeps the engine from reporting home, for which it would make files', async () => {
  const temp = await mkdtemp(join(tmpdir(), 'nanosd-telemetry-'));
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: temp };
  delete env.ORT_DISABLE_TELEMETRY;
  const module = fileURLToPath(new URL('../../dist/src/runtime/ort-node.js', import.meta.url));
  const script = `await import(${JSON.stringify(module)}); console.log(process.env.ORT_DISABLE_TELEMETRY)`;
  try {
    const args = ['--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toBe('1\n');
    expect(await readdir(temp)).toEqual([]);
  } finally {
    await rm(temp, { recursive: true });
  }
});
