// What the data pipeline costs: CPU time a batch on its own, and in a training run the time that is spent
// waiting for batches and the share of all CPU time that goes into making them. The bar is 5 %.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImage, Random, type Image } from 'nanosd';
import { listPhotos, openPhotoBatches, openTraining, writeImage } from 'nanosd/node';
import { parseTrainingConfig, trains, type RestorerTraining } from 'nanosd/training';
import { parse } from 'yaml';
import { benchDegradations } from './degradations.js';
import { benchPool } from './pool.js';

const steps = 100;
/** Sessions warm up and the first photographs are decoded in these. */
const unmeasuredSteps = 40;
const batchesAlone = 40;

/** Prints the costs for `configs/sr-x4.yaml`, on its photographs or, where they are not here, on noise. */
export async function benchData(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-bench-data-'));
  try {
    await benchDegradations();
    const config = await benchConfig(folder);
    await benchPool(config, folder);
    const alone = await measureAlone(config);
    const run = await measureRun(config);
    const { sample_size: side } = config.data;
    console.log(`batches of ${config.batch_size} crops of ${side}x${side}, x${config.model.scale}`);
    console.log(
      `pipeline alone: ${alone.firstCpuMs.toFixed(1)} ms CPU a photograph when first seen, ` +
        `then ${alone.cpuMs.toFixed(1)} ms CPU a batch, ${alone.batchesPerSecond.toFixed(0)} batches/s`,
    );
    console.log(
      `training: ${run.stepMs.toFixed(0)} ms a step, ${run.stepCpuMs.toFixed(0)} ms CPU; ` +
        `waiting for data ${percent(run.waitedMs / run.stepMs)}, ` +
        `CPU for data ${percent(alone.cpuMs / run.stepCpuMs)}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function benchConfig(folder: string): Promise<RestorerTraining> {
  const url = new URL('../configs/sr-x4.yaml', import.meta.url);
  const file = parse(await readFile(url, 'utf8')) as object;
  const config = parseTrainingConfig({ ...file, validation: undefined }, 'configs/sr-x4.yaml');
  if (!trains(config, 'OneStepRestorer')) throw new Error('expected the config of a restorer');
  const named = config.data.photos.map((path) => fileURLToPath(new URL(path, url)));
  const photos = named.every((path) => existsSync(path)) ? named : [await writeNoise(folder)];
  return { ...config, steps, data: { ...config.data, photos }, output_dir: join(folder, 'run') };
}

async function writeNoise(folder: string): Promise<string> {
  const random = Random.seeded(1);
  for (let i = 0; i < 16; i++) {
    await writeImage(join(folder, `noise-${i}.jpg`), noise(random), { quality: 92 });
  }
  return folder;
}

function noise(random: Random): Image {
  const image = createImage(512, 512, 3);
  return { ...image, data: image.data.map(() => random.uniform(0.3, 0.7)) };
}

interface AloneCost {
  readonly firstCpuMs: number;
  readonly cpuMs: number;
  readonly batchesPerSecond: number;
}

/** In this thread, so that the process's CPU time is the pipeline's. */
async function measureAlone(config: RestorerTraining): Promise<AloneCost> {
  const { data, model, seed, batch_size: count } = config;
  const all = await listPhotos(data.photos);
  const options = {
    photos: all.slice(0, 64),
    sampleSize: data.sample_size,
    scale: model.scale,
    degradation: data.degradation,
    seed,
    cacheBytes: data.cache_megabytes * 1e6,
  };
  const batches = openPhotoBatches(options, console.warn);
  // Draws until every photograph has almost surely been seen.
  const warmUp = Math.ceil((8 * options.photos.length) / count);
  const first = await cpuTime(async () => {
    for (let i = 0; i < warmUp; i++) await batches.read(i * count, count);
  });
  const warm = await cpuTime(async () => {
    for (let i = 0; i < batchesAlone; i++) await batches.read((warmUp + i) * count, count);
  });
  const cpuMs = warm.cpuMs / batchesAlone;
  return {
    firstCpuMs: (first.cpuMs - warmUp * cpuMs) / options.photos.length,
    cpuMs,
    batchesPerSecond: (1000 * batchesAlone) / warm.ms,
  };
}

interface RunCost {
  readonly stepMs: number;
  readonly stepCpuMs: number;
  readonly waitedMs: number;
}

async function measureRun(config: RestorerTraining): Promise<RunCost> {
  const { events } = await openTraining(config, { resume: false });
  let usage = process.cpuUsage();
  let [cpuMs, ms, waited, measured] = [0, 0, 0, 0];
  for await (const event of events) {
    if (event.kind !== 'step') continue;
    if (event.metrics.step > unmeasuredSteps) {
      const { user, system } = process.cpuUsage(usage);
      cpuMs += (user + system) / 1000;
      ms += event.metrics.ms;
      waited += event.metrics.dataMs;
      measured++;
    }
    usage = process.cpuUsage();
  }
  return { stepMs: ms / measured, stepCpuMs: cpuMs / measured, waitedMs: waited / measured };
}

async function cpuTime(task: () => Promise<void>): Promise<{ ms: number; cpuMs: number }> {
  const begun = performance.now();
  const usage = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(usage);
  return { ms: performance.now() - begun, cpuMs: (user + system) / 1000 };
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
