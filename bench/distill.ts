// All 30 surrogates of a teacher of sd-mini's shape with random weights, in two processes of one thread each:
// features from disk beside a teacher that runs along.
// npm run bench -- distill [STEPS]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImage, presets, Random } from 'nanosd';
import { distillSettingsSchema, distillSurrogates, initCheckpoint, writeImage } from 'nanosd/node';

export async function benchDistill([steps = '20']: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-bench-'));
  try {
    const teacher = join(folder, 'teacher');
    await initCheckpoint(teacher, presets['sd-mini'], { seed: 1 });
    for (let i = 0; i < 4; i++) {
      const noise = createImage(96, 96, 3);
      noise.data.set(
        Random.seeded(i)
          .normals(noise.data.length)
          .map((x) => 0.5 + 0.2 * x),
      );
      await writeImage(join(folder, `${i}.png`), noise);
    }
    for (const cache_megabytes of [1000, 0]) {
      const settings = distillSettingsSchema.parse({
        ...{ steps: Number(steps), cache_megabytes },
        kinds: 'none',
      });
      const request = { teacher, photos: [folder], folder: join(folder, `of-${cache_megabytes}`) };
      await printRun({ ...request, latents: join(folder, 'latents'), settings });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Request = Parameters<typeof distillSurrogates>[0];

async function printRun(request: Request): Promise<void> {
  let begun = performance.now();
  let [preparing, updates, stepMs] = [0, 0, 0];
  for await (const event of distillSurrogates(request, { jobs: 2 })) {
    if (event.kind === 'latents') begun = performance.now();
    if (event.kind === 'features') preparing = performance.now() - begun;
    if (event.kind !== 'finished') continue;
    updates += event.report.steps;
    stepMs += event.report.seconds * 1000;
  }
  const all = performance.now() - begun;
  const { cache_megabytes: megabytes, batch_size: batch } = request.settings;
  console.log(
    `${megabytes > 0 ? 'features on disk' : 'teacher alongside'}: ${(all / 1000).toFixed(1)} s for ` +
      `${updates} updates of batch ${batch} (${(preparing / 1000).toFixed(1)} s of it to make features), ` +
      `${(stepMs / updates).toFixed(1)} ms an update`,
  );
}
