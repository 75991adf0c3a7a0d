// How long an evaluation of the search takes, and how well small settings order students: each of 16 students,
// drawn at random, is measured with each setting; orders are compared with that of many samples by Spearman's
// coefficient.
// npm run bench -- quality TEACHER SURROGATES [STUDENTS]
import { drawNetworks, formatStages, median, Random, spearman } from 'nanosd';
import {
  openCheckpoint,
  openExecutorPool,
  openQualityMeter,
  openSurrogates,
  teacherUnet,
  type Quality,
  type QualitySettings,
} from 'nanosd/node';

/** What others are compared with comes first. */
const settings: Readonly<Record<string, QualitySettings>> = {
  '256 samples, 10 steps, vae': { samples: 256 },
  '96 samples, 10 steps, vae': { samples: 96 },
  '96 samples, 10 steps, latent': { samples: 96, features: 'latent' },
  '96 other samples, 10 steps, vae': { samples: 96, seed: 10_000 },
  '48 samples, 10 steps, vae': { samples: 48 },
  '48 samples, 5 steps, vae': { samples: 48, steps: 5 },
};

interface Measured {
  readonly name: string;
  readonly qualities: readonly Quality[];
  readonly seconds: readonly number[];
  readonly floor: number;
}

export async function benchQuality([
  teacherPath = '',
  surrogatesPath = '',
  students = '16',
]: readonly string[]): Promise<void> {
  await using teacher = await openCheckpoint(teacherPath);
  await using surrogates = await openSurrogates(surrogatesPath, teacherUnet(teacher.unet));
  await using pool = openExecutorPool();
  const networks = drawNetworks(Number(students), Random.seeded(1));
  const rows: Measured[] = [];
  for (const [name, its] of Object.entries(settings)) {
    await using meter = await openQualityMeter(teacher, pool.executors, its);
    const qualities: Quality[] = [];
    const seconds: number[] = [];
    for (const stages of networks) {
      const start = performance.now();
      qualities.push(await meter.measure(await surrogates.assemble(stages)));
      seconds.push((performance.now() - start) / 1000);
    }
    rows.push({ name, qualities, seconds, floor: meter.floor });
    printRow(rows[0], rows[rows.length - 1]);
  }
  networks.forEach((stages, i) => {
    const [{ qualities }] = rows;
    const { taFD, latentDistance } = qualities[i];
    console.log(
      `${formatStages(stages)}: taFD ${taFD.toPrecision(3)}, latent ${latentDistance.toPrecision(3)}`,
    );
  });
}

function printRow(reference: Measured, { name, qualities, seconds, floor }: Measured): void {
  const order = (quantity: keyof Quality): string => {
    const expected = reference.qualities.map(({ taFD }) => taFD);
    return spearman(
      qualities.map((quality) => quality[quantity]),
      expected,
    ).toFixed(3);
  };
  const slowest = Math.max(...seconds);
  console.log(
    `${name}: ${median(seconds).toFixed(1)} s an evaluation (${slowest.toFixed(1)} at most); order by taFD ` +
      `${order('taFD')}, by latents of the same seed ${order('latentDistance')}, by features of the same seed ` +
      `${order('featureDistance')}; the teacher from itself ${floor.toPrecision(3)}`,
  );
}
