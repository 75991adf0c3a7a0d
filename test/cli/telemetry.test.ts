import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startNanosd, writeTinyModel } from './nanosd.js';
import { createImage } from '../../src/image/index.js';
import { writeImage } from '../../src/image/sharp-node.js';

it('keeps the engine of the bundled command from reporting home, for which it would make files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-telemetry-'));
  const temp = await mkdtemp(join(tmpdir(), 'nanosd-telemetry-'));
  const env = { TMPDIR: temp, ORT_DISABLE_TELEMETRY: undefined };
  try {
    await writeTinyModel(join(folder, 'model'));
    await writeImage(join(folder, 'photo.png'), createImage(8, 8, 3));
    const args = ['restore', 'photo.png', '-m', './model', '-o', 'out.png'];
    const { code, stderr } = await startNanosd(folder, args, [], env).ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(await readdir(temp)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
    await rm(temp, { recursive: true });
  }
});
