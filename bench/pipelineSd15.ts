// The pipeline's networks at the full size of SD 1.5, of random weights: a step of the teacher and of students
// that surgery has cut from it, and one surrogate of each stage that learns. Each in a process of its own, so
// that its memory is its own.
// npm run bench -- pipeline-sd15 [prepare|steps|training] [FOLDER] [STAGE,STAGE]
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cutPipeline, graphCost, nanosdUnet, parseStages, presets, stagedUnetOf } from 'nanosd';
import { createNodeExecutor, initCheckpoint, openCheckpoint, writeCheckpoint } from 'nanosd/node';
import { medianMs, peakBytes, randomFeeds } from './measure.js';
import { trainSurrogate, writeFeatures, surrogates } from './surrogates.js';

const latents = { batch: 1, height: 64, width: 64, contextTokens: 77 };

/** By their folder; the teacher is what they are compared with. */
const students: Readonly<Record<string, string>> = {
  '130M': 'R R R R R R',
  '170M': 'R R R RR R R',
  '315M': 'R RA RARA RRA R R',
};

/** Each takes the folder, and training the stages, all unless given. */
const parts = { prepare, steps: measureSteps, training: measureTraining };

/** Prints what it measures; without a part, all of them in a folder of the system's, which goes afterwards. */
export async function benchPipelineSd15(args: readonly string[]): Promise<void> {
  const [part, folder, name] = args;
  if (part === '--step') return printStep(join(folder, name));
  if (part === '--surrogate') return printSurrogate(folder, name);
  if (part === '--features') return writeFeatures(folder, latents);
  if (Object.hasOwn(parts, part) && folder !== undefined) {
    return parts[part as keyof typeof parts](folder, name?.split(','));
  }
  const own = await mkdtemp(join(tmpdir(), 'nanosd-bench-'));
  try {
    for (const run of Object.values(parts)) await run(own);
  } finally {
    await rm(own, { recursive: true });
  }
}

/** The teacher and its students as checkpoints, those that are not there yet. */
async function prepare(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const isThere = (name: string): Promise<boolean> =>
    stat(join(folder, name)).then(
      () => true,
      () => false,
    );
  if (!(await isThere('teacher'))) {
    await initCheckpoint(join(folder, 'teacher'), presets.sd15, { seed: 1 });
  }
  await using teacher = await openCheckpoint(join(folder, 'teacher'));
  for (const [name, stages] of Object.entries(students)) {
    if (await isThere(name)) continue;
    const plan = { coarsest: 'dropped', width: 1, vaeWidth: 1, importance: 'first' } as const;
    const student = await cutPipeline(teacher, { ...plan, stages: parseStages(stages) });
    await writeCheckpoint(join(folder, name), student, null);
  }
}

interface Step {
  readonly parameters: number;
  readonly macs: number;
  readonly ms: number;
  readonly peakBytes: number;
}

async function measureSteps(folder: string): Promise<void> {
  const teacher = await inProcess<Step>('--step', folder, 'teacher');
  printStepRow('teacher', 'SD 1.5', teacher, teacher);
  for (const [name, stages] of Object.entries(students)) {
    printStepRow(name, stages, await inProcess<Step>('--step', folder, name), teacher);
  }
}

function printStepRow(name: string, stages: string, step: Step, teacher: Step): void {
  const { parameters, macs, ms, peakBytes: peak } = step;
  console.log(
    `${name} (${stages}): ${(parameters / 1e6).toFixed(1)}M parameters, ${(macs / 1e9).toFixed(1)} GMAC, ` +
      `${(ms / 1000).toFixed(2)} s a step (${(teacher.ms / ms).toFixed(2)}x), peak RSS ${gigabytes(peak)}`,
  );
}

async function printStep(path: string): Promise<void> {
  await using checkpoint = await openCheckpoint(path);
  const { network, weights } = checkpoint.unet;
  const graph = { ...nanosdUnet(stagedUnetOf(network), latents), taps: [] };
  await using session = await createNodeExecutor().loadMapped(graph, weights);
  const feeds = randomFeeds(graph.inputs);
  const ms = await medianMs(3, () => session.run(feeds));
  const { parameters, macs } = graphCost(graph);
  const step: Step = { parameters, macs, ms, peakBytes: peakBytes() };
  console.log(JSON.stringify(step));
}

interface Surrogate {
  readonly parameters: number;
  readonly losses: readonly number[];
  readonly ms: number;
  readonly peakBytes: number;
}

async function measureTraining(
  folder: string,
  stages: readonly string[] = Object.keys(surrogates),
): Promise<void> {
  await startOwn('--features', folder, '');
  for (const [stage, option] of Object.entries(surrogates)) {
    if (!stages.includes(stage)) continue;
    const {
      parameters,
      losses,
      ms,
      peakBytes: peak,
    } = await inProcess<Surrogate>('--surrogate', folder, stage);
    console.log(
      `${stage} ${option}: ${(parameters / 1e6).toFixed(1)}M parameters, ` +
        `loss ${losses.map((loss) => loss.toPrecision(4)).join(', ')}, ` +
        `${(ms / 1000).toFixed(1)} s a step, peak RSS ${gigabytes(peak)}`,
    );
  }
}

async function printSurrogate(folder: string, stage: string): Promise<void> {
  const trained = await trainSurrogate(folder, stage, latents);
  const surrogate: Surrogate = { ...trained, peakBytes: peakBytes() };
  console.log(JSON.stringify(surrogate));
}

async function inProcess<T>(flag: string, folder: string, name: string): Promise<T> {
  return JSON.parse((await startOwn(flag, folder, name)).stdout) as T;
}

function startOwn(flag: string, folder: string, name: string): Promise<{ stdout: string }> {
  const args = [process.argv[1], 'pipeline-sd15', flag, folder, name];
  return promisify(execFile)(process.execPath, [...process.execArgv, ...args]);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
