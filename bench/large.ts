// Large photos from file to file: peak memory and time by pixels, each in a process of its own.
// npm run bench -- large [MODEL [MEGAPIXELS...]]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openRestorer, writeImage } from 'nanosd/node';
import { scene } from './scene.js';

const usualMegapixels = [1, 4, 9, 16, 25] as const;
const scale = 2;

export async function benchLarge(args: readonly string[]): Promise<void> {
  const [model = 'sr-x4', flag, input, output] = args;
  if (flag === '--make') return writeImage(input, scene(Number(output), Number(output)));
  if (flag === '--one') return printOne(model, input, output);
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-large-'));
  try {
    console.log(`${model}: JPEG to JPEG, -s ${scale}, each in a process of its own`);
    const asked = args.slice(1).map(Number);
    for (const megapixels of asked.length > 0 ? asked : usualMegapixels) {
      console.log(await measure(model, folder, Math.round(1000 * Math.sqrt(megapixels))));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(model: string, folder: string, side: number): Promise<string> {
  const [input, output] = [join(folder, 'in.jpg'), join(folder, 'out.jpg')];
  await again(model, '--make', input, String(side));
  const stdout = await again(model, '--one', input, output);
  const { seconds, cpuSeconds, peak } = JSON.parse(stdout) as Record<string, number>;
  const megapixels = (side * side) / 1e6;
  const size = `${side}x${side} -> ${side * scale}x${side * scale}`;
  const rate = (cpuSeconds / megapixels).toFixed(2);
  const time = `${seconds.toFixed(1)} s, ${rate} s CPU a megapixel read`;
  return `${size}: ${time}, peak RSS ${peak.toFixed(0)} MB`;
}

/** This bench in a process of its own; a child counts from what its parent holds, so this one holds little. */
async function again(...args: readonly string[]): Promise<string> {
  const own = [process.argv[1], 'large', ...args];
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, ...own]);
  return stdout;
}

async function printOne(model: string, input: string, output: string): Promise<void> {
  await using restorer = await openRestorer({ model });
  const start = performance.now();
  const usage = process.cpuUsage();
  await restorer.restoreFile(input, output, { scale });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(usage);
  const cpuSeconds = (user + system) / 1e6;
  // Kibibytes, whatever the system counts in.
  const peak = (process.resourceUsage().maxRSS * 1024) / 1e6;
  console.log(JSON.stringify({ seconds, cpuSeconds, peak }));
}
