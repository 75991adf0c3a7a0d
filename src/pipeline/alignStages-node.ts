import { join } from 'node:path';
import { indexFileName, openCheckpoint } from '../models/openCheckpoint-node.js';
import { kindOf, readConfigFile } from '../models/modelFiles-node.js';
import { assembleStudent, teacherUnet } from '../search/family/assembleStudent-node.js';
import type { OperatingPoint } from '../search/space/operatingPoints.js';
import { writeStudent } from '../search/family/writeStudent-node.js';
import { cutUnet, inheritUnet, parseStages } from '../surgery/index.js';
import {
  alignmentConfig,
  alignStudent,
} from '../training/objectives/alignment/alignStudent-node.js';
import { readMetricsLog } from '../training/loop/metricsLog-node.js';
import { runFolder } from '../training/loop/runFolder-node.js';
import {
  trainingFolder,
  trainVae,
  vaeDistillationConfig,
} from '../training/objectives/tinyVae/trainVae-node.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import { settingsOf, type FamilyPlan, type FamilyStage } from './familyPlan-node.js';
import type { StageContext } from './stage.js';

/** The command that model cards name. */
const COMMAND = 'nanosd pipeline';

/** A small VAE with the teacher's latents. */
export const vaeStage: FamilyStage = ({ config, sources }) => ({
  name: 'vae',
  after: [],
  settings: [settingsOf(sources), settingsOf(config.vae), config.seed, config.workers],
  async run({ folder, signal, onProgress, onWarning }) {
    const output = vaeFolder(folder);
    if (await isWhole(output, 'config.json')) return;
    const { width, encoder_layers, decoder_layers, steps, resolution } = config.vae;
    const training = await vaeDistillationConfig({
      ...{ teacher: config.teacher, photos: config.photos, validation: config.validation, output },
      network: { width, encoderLayers: encoder_layers, decoderLayers: decoder_layers },
      training: {
        ...{ steps, batch: config.vae.batch_size, resolution, workers: config.workers },
        ...{ learningRate: config.vae.learning_rate, seed: config.seed },
      },
    });
    for await (const event of trainVae(training, output, COMMAND, { resume: true, signal })) {
      if (event.kind === 'warning') onWarning(event.message);
      if (event.kind !== 'step') continue;
      const { step, loss } = event.metrics;
      onProgress(step / steps, `loss ${loss.toPrecision(3)}`);
    }
    signal.throwIfAborted();
  },
});

/** Every named student, trained as a whole against the teacher. */
export const alignStage: FamilyStage = (plan) => ({
  name: 'align',
  after: ['distill', 'search', 'vae'],
  settings: alignmentSettings(plan),
  async run(at) {
    const points = await readOperatingPoints(at.folderOf('search'));
    await using teacher = await openCheckpoint(plan.config.teacher);
    for (const [i, { name, stages }] of points.entries()) {
      const student = join(at.folder, 'assembled', name);
      await writeOnce(student, async () => {
        const surrogates = at.folderOf('distill');
        await using parts = await assembleStudent(
          teacherUnet(teacher.unet),
          surrogates,
          parseStages(stages),
        );
        await writeStudent(student, teacher, parts);
      });
      const output = join(at.folder, name);
      await align(plan, at, { student, output, init: 'student' }, (done, note) => {
        at.onProgress((i + done) / points.length, `${name}, ${note}`);
      });
    }
  },
});

/** What distillation is worth: the same student from weights that were only inherited, and from random ones. */
export const compareStage: FamilyStage = (plan) => ({
  name: 'compare',
  after: ['search', 'vae'],
  settings: [alignmentSettings(plan), plan.config.compare],
  async run(at) {
    const points = await readOperatingPoints(at.folderOf('search'));
    const point = points.find(({ name }) => name === plan.config.compare);
    if (!point) {
      if (plan.config.compare !== null) {
        const names = points.map(({ name }) => name).join(', ');
        at.onWarning(`compare: expected one of ${names}, got ${plan.config.compare}`);
      }
      return;
    }
    await using teacher = await openCheckpoint(plan.config.teacher);
    const student = join(at.folder, 'inherited-start');
    await writeOnce(student, async () => {
      const own = teacherUnet(teacher.unet);
      const config = cutUnet(own.config, parseStages(point.stages), 'dropped');
      const weights = inheritUnet(own, config);
      await writeStudent(student, teacher, { config, weights });
    });
    for (const [i, init] of (['student', 'random'] as const).entries()) {
      const output = join(at.folder, init === 'student' ? 'inherited' : 'random');
      await align(plan, at, { student, output, init }, (done, note) => {
        at.onProgress((i + done) / 2, `${point.name} ${init}, ${note}`);
      });
    }
  },
});

function alignmentSettings({ config, sources }: FamilyPlan) {
  return [settingsOf(sources), settingsOf(config.align), config.seed, config.workers] as const;
}

interface Alignment {
  readonly student: string;
  readonly output: string;
  readonly init: 'student' | 'random';
}

async function align(
  { config, latents }: FamilyPlan,
  { folderOf, signal, onWarning }: StageContext,
  { student, output, init }: Alignment,
  onProgress: (done: number, note: string) => void,
): Promise<void> {
  if (await isWhole(output, indexFileName)) return;
  signal.throwIfAborted();
  const { steps, batch_size, learning_rate, feature_weight, ema_decay } = config.align;
  const training = await alignmentConfig({
    ...{ student, output, teacher: config.teacher },
    ...{ photos: config.photos, validation: config.validation },
    ...(config.align.latents === 'tiny' && { vae: vaeFolder(folderOf('vae')) }),
    training: {
      ...{ steps, batch: batch_size, learningRate: learning_rate, featureWeight: feature_weight },
      ...{ emaDecay: ema_decay, workers: config.workers, seed: config.seed, init },
      kinds: config.distill.kinds,
      cacheFolder: latents,
    },
  });
  for await (const event of alignStudent(training, output, COMMAND, { resume: true, signal })) {
    if (event.kind === 'warning') onWarning(event.message);
    if (event.kind !== 'step') continue;
    const { step, loss } = event.metrics;
    onProgress(step / steps, `loss ${loss.toPrecision(3)}`);
  }
  signal.throwIfAborted();
}

/** Where the stage of that folder leaves the VAE. */
export function vaeFolder(folder: string): string {
  return join(folder, 'vae');
}

/** The named students of a search's folder. */
export async function readOperatingPoints(folder: string): Promise<readonly OperatingPoint[]> {
  const path = join(folder, 'operating-points.json');
  const { points } = await readConfigFile(path);
  // Nobody but the search writes it.
  return points as readonly OperatingPoint[];
}

/** Held-out losses of an alignment, by the updates before them. */
export async function heldOutCurve(output: string): Promise<[step: number, loss: number][]> {
  const log = await readMetricsLog(runFolder(trainingFolder(output)).metrics);
  return log.flatMap((entry): [number, number][] => {
    if (!('validation' in entry)) return [];
    const scores = Object.values(entry.validation);
    const loss = scores.map((score) => ('loss' in score ? score.loss : NaN));
    return [[entry.step, loss[0] ?? NaN]];
  });
}

/** A folder that is only ever seen whole is not written twice. */
async function writeOnce(folder: string, write: () => Promise<void>): Promise<void> {
  if (await isWhole(folder, indexFileName)) return;
  await makeFolder(join(folder, '..'));
  await write();
}

async function isWhole(folder: string, file: string): Promise<boolean> {
  return (await kindOf(join(folder, file))) === 'file';
}
