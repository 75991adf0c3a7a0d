import { join } from 'node:path';
import { distillSurrogates } from '../distillation/distillSurrogates-node.js';
import { allSurrogates } from '../distillation/index.js';
import { promptTokens } from '../distillation/teacherPrompts-node.js';
import { stagedUnetOf } from '../models/index.js';
import { openCheckpoint } from '../models/openCheckpoint-node.js';
import { createNodeExecutor } from '../runtime/ort-node.js';
import { availableMemory } from '../runtime/availableMemory-node.js';
import { describeDevice } from '../search/latency/latencyDevice-node.js';
import { writeLatencyTable } from '../search/latency/latencyTable-node.js';
import { profileUnet } from '../search/latency/profileUnet.js';
import { searchFamily, type FamilySearchProgress } from '../search/family/searchFamily-node.js';
import { stageNames } from '../surgery/index.js';
import { Random } from '../tensor/index.js';
import { settingsOf, type FamilyStage } from './familyPlan-node.js';

export const latencyFileName = 'latency.json';

/** The latency of every option of every stage on this machine. */
export const profileStage: FamilyStage = ({ config, sources }) => ({
  name: 'profile',
  after: [],
  settings: [sources.teacher, settingsOf(config.profile), config.workers],
  async run({ folder, signal, onProgress }) {
    const { runs, warmup, max_seconds: maxSeconds } = config.profile;
    await using teacher = await openCheckpoint(config.teacher);
    const side = Number(teacher.unet.file.sample_size);
    const contextTokens = promptTokens(teacher);
    const executor = createNodeExecutor({ threads: config.workers });
    const device = describeDevice({ name: 'cpu', date: new Date(), threads: config.workers });
    const { table } = await profileUnet(
      executor,
      device,
      {
        ...{ name: teacher.name, teacher: stagedUnetOf(teacher.unet.network), precision: 'fp32' },
        size: { batch: 1, height: side, width: side, contextTokens },
        ...{ stages: stageNames, others: [], networks: [] },
      },
      {
        ...{ runs, warmup, random: Random.seeded(config.seed), signal },
        maxBytes: availableMemory() / 2,
        onProgress: (done, total) => onProgress(done / total, 'options of stages'),
        ...(maxSeconds !== undefined && { maxSeconds }),
      },
    );
    await writeLatencyTable(join(folder, latencyFileName), table);
  },
});

/** The surrogate of every option of every stage. */
export const distillStage: FamilyStage = ({ config, sources, latents }) => ({
  name: 'distill',
  after: [],
  settings: [sources.teacher, sources.photos, settingsOf(config.distill), config.seed],
  async run({ folder, signal, onProgress, onWarning }) {
    const settings = { ...config.distill, seed: config.seed };
    const request = { teacher: config.teacher, photos: config.photos, folder, settings, latents };
    const total = allSurrogates.length * settings.steps;
    const steps = new Map<string, number>();
    const failed: string[] = [];
    const options = { jobs: config.workers, resume: true, signal };
    for await (const event of distillSurrogates(request, options)) {
      if (event.kind === 'warning') onWarning(event.message);
      if (event.kind === 'failed') failed.push(`${event.name}: ${event.message}`);
      if (event.kind === 'latents') onProgress(0, `photographs ${event.done}/${event.total}`);
      if (event.kind === 'features') onProgress(0, `features ${event.done}/${event.total}`);
      if (event.kind === 'planned') {
        for (const name of event.finished) steps.set(name, settings.steps);
      }
      if (event.kind === 'step' || event.kind === 'started') {
        steps.set(event.name, event.step);
        const done = [...steps.values()].reduce((sum, n) => sum + n, 0);
        onProgress(done / total, event.name);
      }
    }
    signal.throwIfAborted();
    if (failed.length > 0) throw new Error(`surrogates failed: ${failed.join('; ')}`);
  },
});

/** The students with the best trade-offs, by their names. */
export const searchStage: FamilyStage = ({ config, sources }) => ({
  name: 'search',
  after: ['profile', 'distill'],
  settings: [sources.teacher, settingsOf(config.search), config.seed],
  async run({ folder, folderOf, signal, onProgress }) {
    const { strategy, evaluations, initial, max_parameters: maxParameters } = config.search;
    const { samples, steps } = config.search;
    await searchFamily(
      {
        teacher: config.teacher,
        surrogates: folderOf('distill'),
        latency: join(folderOf('profile'), latencyFileName),
        output: folder,
        search: {
          ...{ strategy, evaluations, initial, seed: config.seed },
          ...(maxParameters !== undefined && { maxParameters }),
        },
        quality: { samples, steps, seed: config.seed },
        compute: { threads: config.workers },
        resume: true,
      },
      { signal, onProgress: (progress) => onProgress(...searchProgress(progress, evaluations)) },
    );
  },
});

/** Two searches one after the other, before pictures that take little. */
function searchProgress(progress: FamilySearchProgress, evaluations: number): [number, string] {
  switch (progress.phase) {
    case 'teacher':
      return [0, "the teacher's samples"];
    case 'pictures':
      return [0.99, `pictures of ${progress.done}/${progress.total}`];
    case 'search': {
      const { objective, evaluation, hypervolume } = progress;
      const before = objective === 'latency' ? 0 : evaluations;
      const note = `${objective} ${evaluation}/${evaluations}, hypervolume ${hypervolume.toFixed(3)}`;
      return [(0.98 * (before + evaluation)) / (2 * evaluations), note];
    }
  }
}
