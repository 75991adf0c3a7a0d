// What a command costs before and after its work: whole processes, from start to exit.
// npm run bench -- startup
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImage, Random } from 'nanosd';
import { writeImage } from 'nanosd/node';

const bin = fileURLToPath(new URL('../bin/nanosd.js', import.meta.url));
const runs = 11;

/** Prints the median and the fastest of each command. */
export async function benchStartup(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-startup-'));
  try {
    const photo = join(folder, 'photo.png');
    const random = Random.seeded(1);
    const data = Float32Array.from({ length: 3 * 128 * 128 }, () => random.uniform());
    await writeImage(photo, createImage(128, 128, 3, data));
    const restore = ['restore', photo, '-o', join(folder, 'out.png')];
    report('node alone', ['--eval', '0']);
    report('nanosd --help', [bin, '--help']);
    report('nanosd restore of 128x128', [bin, ...restore]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function report(name: string, args: readonly string[]): void {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return performance.now() - start;
  }).toSorted((a, b) => a - b);
  console.log(`${name}: ${times[runs >> 1].toFixed(0)} ms, fastest ${times[0].toFixed(0)} ms`);
}
