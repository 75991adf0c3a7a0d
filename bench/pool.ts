// What samples from a pool cost: CPU time a crop of 192x192, alone and with the share that is renewed, beside making each one
// anew; and in a training run the share of all CPU time.
import { join } from 'node:path';
import {
  cropsOf,
  listPhotos,
  openPhotoBatches,
  openPoolBatches,
  planPool,
  preparePool,
} from 'nanosd/node';
import { parseTrainingConfig, trains, type RestorerTraining } from 'nanosd/training';

const samples = 512;
const count = 8;

/** Prints a row for making crops by a preset, for a pool of them, and for one with a share that is new in each pass. */
export async function benchPool(config: RestorerTraining, folder: string): Promise<void> {
  for (const preset of ['realesrgan', 'mixed']) {
    const { anew, pooled, renewed } = await measurePreset(config, folder, preset);
    console.log(
      `${preset}: ${anew.toFixed(2)} ms CPU a crop made anew, ${pooled.toFixed(2)} from a pool, ` +
        `${renewed.toFixed(2)} from one of which a tenth is new in each pass`,
    );
  }
}

async function measurePreset(base: RestorerTraining, folder: string, degradation: string) {
  const withPool = (refresh: number): RestorerTraining => {
    const pool = { samples, megabytes: 4000, refresh, folder: join(folder, 'pools') };
    const plain = { ...base, data: { ...base.data, degradation, pool } };
    const config = parseTrainingConfig(plain, 'bench');
    if (!trains(config, 'OneStepRestorer')) throw new Error('expected the config of a restorer');
    return config;
  };
  const photos = (await listPhotos(base.data.photos)).slice(0, 64);
  const measurePool = async (refresh: number): Promise<number> => {
    const config = withPool(refresh);
    if (!config.data.pool) throw new Error('expected a pool');
    const plan = await planPool(config, cropsOf(config, photos), config.data.pool, null);
    for await (const made of preparePool(plan, 0, 1, console.warn)) void made;
    const batches = openPoolBatches(plan.options, config.seed, console.warn);
    return cpuMsPerCrop(2 * samples, (first) => batches.read(first, count));
  };
  const batches = openPhotoBatches(cropsOf(withPool(0), photos), console.warn);
  // Decodes the photographs.
  for (let i = 0; i < 64; i += count) await batches.read(i, count);
  const anew = await cpuMsPerCrop(128, (first) => batches.read(1000 + first, count));
  return { anew, pooled: await measurePool(0), renewed: await measurePool(0.1) };
}

/** In this thread, so that the process's CPU time is that of the data. */
async function cpuMsPerCrop(
  crops: number,
  read: (first: number) => Promise<unknown>,
): Promise<number> {
  const usage = process.cpuUsage();
  for (let first = 0; first < crops; first += count) await read(first);
  const { user, system } = process.cpuUsage(usage);
  return (user + system) / 1000 / crops;
}
