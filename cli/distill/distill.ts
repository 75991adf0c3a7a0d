import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { parseCount, parseFactor, parseNumber, parseSeed } from '../terminal/arguments.js';
import { UsageError } from '../terminal/failures.js';
import { printJson, requireUninterrupted, stoppable } from '../train/trainingRun.js';

interface DistillFlags {
  readonly photos: readonly string[];
  readonly output: string;
  readonly only?: string;
  readonly steps: number;
  readonly batch: number;
  readonly resolution?: number;
  readonly kinds: 'name_prefix' | 'folder' | 'file' | 'none';
  readonly prompts?: string;
  readonly latents?: string;
  readonly loss: 'mse' | 'normalized' | 'cosine';
  readonly init: 'inherit' | 'random';
  readonly learningRate: number;
  readonly seed: number;
  readonly cacheMegabytes: number;
  readonly checkpointingMinutes: number;
  readonly jobs: number;
  readonly queue?: string;
  readonly resume: boolean;
  readonly json: boolean;
}

const help = `
A surrogate is one option of one stage, such as E1-R or D2-RRA: a block of R (resnet) and A (transformer) that
learns alone to give what the teacher's stage gives. --only takes names, or a stage for all of its options:
  E1, E2, E3: R RA RR              D3, D2, D1: R RA RR RAR RRA RARA RRR

Examples:
  nanosd distill sd-mini --photos photos/ -o surrogates -j 2
  nanosd distill sd-mini --photos photos/ -o surrogates --only E1-R,D2 --loss normalized --steps 500
  nanosd distill sd-mini --photos photos/ -o surrogates -j 2 --resume    # after Ctrl-C, or a power cut
`;

/** Defines `distill`: blocks that stand for a teacher's stages. */
export function defineDistill(command: Command): void {
  command
    .argument('<teacher>', 'a checkpoint with a U-Net of four levels')
    .requiredOption(
      '--photos <folders...>',
      'folders of photographs whose latents the teacher is shown',
    )
    .requiredOption('-o, --output <folder>', 'the folder of surrogates')
    .option('--only <names>', 'surrogates or stages, with commas between; all 30 unless given')
    .option('--steps <number>', 'updates of each surrogate', parseCount, 300)
    .option('--batch <number>', 'latents an update', parseCount, 16)
    .option(
      '--resolution <px>',
      'side of the crops; what the teacher was trained on unless given',
      parseCount,
    )
    .addOption(
      new Option('--kinds <from>', 'where kinds of pictures are read from')
        .choices(['name_prefix', 'folder', 'file', 'none'])
        .default('name_prefix'),
    )
    .option(
      '--prompts <file>',
      'lines that a teacher with a text encoder is told; none unless given',
    )
    .option('--latents <folder>', 'where latents are kept; in the output folder unless given')
    .addOption(
      new Option('--loss <loss>', 'how outputs are compared')
        .choices(['mse', 'normalized', 'cosine'])
        .default('mse'),
    )
    .addOption(
      new Option('--init <weights>', 'what surrogates start from')
        .choices(['inherit', 'random'])
        .default('inherit'),
    )
    .option('--learning-rate <rate>', 'of AdamW, at its highest', parseFactor, 1e-3)
    .option('--seed <number>', 'what everything random follows from', parseSeed, 1)
    .option(
      '--cache-megabytes <number>',
      'features kept on disk; 0 runs the teacher with the training',
      parseNumber,
      1000,
    )
    .option('--checkpointing-minutes <number>', 'how often training is saved', parseFactor, 1)
    .option('-j, --jobs <number>', 'processes that train at a time', parseCount, 1)
    .option(
      '--queue <url>',
      'redis://HOST:PORT: leave training to nanosd distill-worker on machines that share the folder',
    )
    .option('--resume', 'continue a folder; what is finished is not done again', false)
    .option('--json', 'print one JSON object an event instead of a table', false)
    .addHelpText('after', help)
    .action(distill);
}

interface WorkerFlags {
  readonly queue: string;
  readonly folder?: string;
  readonly lock: number;
  readonly untilEmpty: boolean;
  readonly json: boolean;
}

/** Defines `distill-worker`, which trains what `distill --queue` has put into a queue. */
export function defineDistillWorker(command: Command): void {
  command
    .requiredOption('--queue <url>', 'redis://HOST:PORT of the queue')
    .option(
      '--folder <folder>',
      'the shared folder of surrogates, where it lies elsewhere on this machine',
    )
    .option(
      '--lock <seconds>',
      'after how long a worker that shows no sign of life has lost its job',
      parseFactor,
      30,
    )
    .option('--until-empty', 'end when the queue is empty', false)
    .option('--json', 'print one JSON object an event', false)
    .addHelpText('after', workerHelp)
    .action(distillWorker);
}

const workerHelp = `
Examples:
  nanosd distill-worker --queue redis://10.0.0.5:6379
  nanosd distill-worker --queue redis://10.0.0.5:6379 --folder /mnt/shared/surrogates --until-empty
`;

async function distillWorker(flags: WorkerFlags): Promise<void> {
  const { runDistillWorker } = await import('../../src/node.js');
  const { createWorkerConsole } = await import('./distillConsole.js');
  const print = flags.json ? printJson : createWorkerConsole(process.stdout);
  await stoppable(async (signal) => {
    const { lock: lockSeconds, untilEmpty } = flags;
    const folder = flags.folder === undefined ? {} : { folder: flags.folder };
    const options = { ...folder, lockSeconds, untilEmpty, signal };
    for await (const event of runDistillWorker(flags.queue, options)) print(event);
    requireUninterrupted(signal);
  });
}

async function distill(teacher: string, flags: DistillFlags): Promise<void> {
  const { distillSurrogates, parseSurrogates } = await import('../../src/node.js');
  const only = flags.only === undefined ? {} : { only: parseSurrogates(flags.only) };
  const request = {
    teacher,
    photos: flags.photos,
    folder: flags.output,
    ...(flags.latents === undefined ? {} : { latents: flags.latents }),
    settings: await settingsOf(flags),
  };
  const { createDistillConsole } = await import('./distillConsole.js');
  const print = flags.json ? printJson : createDistillConsole(process.stdout, flags.output);
  const options = {
    ...only,
    ...(flags.queue === undefined ? {} : { queue: flags.queue }),
    jobs: flags.jobs,
    resume: flags.resume,
  };
  const notice = flags.queue === undefined ? undefined : 'no longer watching; the workers go on';
  await stoppable(async (signal) => {
    let end = { failed: [] as readonly string[], stopped: false };
    for await (const event of distillSurrogates(request, { ...options, signal })) {
      print(event);
      if (event.kind === 'done') end = event;
    }
    if (end.failed.length > 0) {
      throw new UsageError(`${end.failed.join(', ')} failed; --resume tries again`);
    }
    if (end.stopped) requireUninterrupted(signal);
  }, notice);
}

async function settingsOf(flags: DistillFlags) {
  const { parseConfig } = await import('../../src/index.js');
  const { distillSettingsSchema } = await import('../../src/node.js');
  const lines = flags.prompts === undefined ? [''] : await readLines(flags.prompts);
  return parseConfig(
    distillSettingsSchema,
    {
      steps: flags.steps,
      batch_size: flags.batch,
      resolution: flags.resolution ?? null,
      kinds: flags.kinds,
      prompts: lines,
      loss: flags.loss,
      init: flags.init,
      learning_rate: flags.learningRate,
      seed: flags.seed,
      cache_megabytes: flags.cacheMegabytes,
      checkpointing_minutes: flags.checkpointingMinutes,
    },
    'options',
  );
}

async function readLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path}: expected a file of prompts (${(error as Error).message})`);
  });
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new UsageError(`${path}: expected a prompt a line, got none`);
  return lines;
}
