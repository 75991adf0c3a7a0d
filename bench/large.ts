// Large photos from file to file: peak memory and time by pixels, each in a process of its own, and what tiles
// differ by from the picture as a whole.
// npm run bench -- large [MODEL]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createImage, psnr, Random, type Image } from 'nanosd';
import { openRestorer, writeImage } from 'nanosd/node';

/** 1, 4, 9, 16 and 25 megapixels. */
const sides = [1000, 2000, 3000, 4000, 5000] as const;
const scale = 2;
const tiles = [64, 128, 256] as const;

export async function benchLarge(args: readonly string[]): Promise<void> {
  const [model = 'sr-x4', flag, input, output] = args;
  if (flag === '--make') return writeImage(input, scene(Number(output), Number(output)));
  if (flag === '--one') return printOne(model, input, output);
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-large-'));
  try {
    console.log(`${model}: JPEG to JPEG, -s ${scale}, each in a process of its own`);
    for (const side of sides) console.log(await measure(model, folder, side));
    console.log('a picture of 2000x1500 in tiles, against the same as a whole:');
    await compareTiles(model);
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

async function compareTiles(model: string): Promise<void> {
  await using restorer = await openRestorer({ model });
  const image = scene(2000, 1500);
  const whole = await restorer.restore(image, { tile: 2048 });
  for (const tile of tiles) {
    const tiled = await restorer.restore(image, { tile });
    const worst = tiled.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - whole.data[i])),
      0,
    );
    const quality = psnr(whole, tiled, { cropBorder: 0 }).toFixed(1);
    console.log(`tiles of ${tile}: PSNR ${quality} dB, at most ${(worst * 255).toFixed(3)} of 255`);
  }
}

/** Slopes, edges and grain, as in photographs. */
function scene(width: number, height: number): Image {
  const random = Random.seeded(3);
  const image = createImage(width, height, 3);
  const size = width * height;
  for (let i = 0; i < size; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const slope = 0.3 + (0.3 * x) / width + 0.1 * Math.sin(y / 40);
    const edge = Math.sin(x / 17 + y / 29) > 0.6 ? 0.2 : 0;
    const grain = 0.06 * (random.uniform() - 0.5);
    for (let c = 0; c < 3; c++) image.data[c * size + i] = slope + edge * (1 - 0.3 * c) + grain;
  }
  return image;
}
