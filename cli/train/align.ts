import { Option, type Command } from 'commander';
import { parseCount, parseFactor, parseNumber, parseSeed } from '../terminal/arguments.js';
import { printDistillation, stoppable, typedCommand } from './trainingRun.js';

interface AlignFlags {
  readonly teacher: string;
  readonly photos: string[];
  readonly output: string;
  readonly validation?: string;
  readonly vae?: string;
  readonly init: 'student' | 'random';
  readonly steps: number;
  readonly batch: number;
  readonly resolution?: number;
  readonly learningRate: number;
  readonly featureWeight: number;
  readonly ema: number;
  readonly kinds?: 'name_prefix' | 'folder' | 'file' | 'none';
  readonly cache?: string;
  readonly workers: number;
  readonly seed: number;
  readonly resume: boolean;
  readonly json: boolean;
}

export function defineAlign(command: Command): void {
  command
    .argument('<student>', 'the checkpoint of a student, as nanosd surgery writes it')
    .requiredOption('--teacher <checkpoint>', 'the checkpoint to learn from')
    .requiredOption('--photos <folder...>', 'folders of photographs to learn on')
    .requiredOption(
      '-o, --output <folder>',
      'the checkpoint to write; the run lies in OUTPUT.training',
    )
    .option(
      '--validation <folder>',
      'pictures to hold out, for the curve and to choose the best by',
    )
    .option('--vae <folder>', 'a VAE whose latents the student is to see, as train-vae writes it')
    .addOption(
      new Option('--init <weights>', 'what the U-Net starts from')
        .choices(['student', 'random'])
        .default('student'),
    );
  addTrainingOptions(command)
    .option('--resume', 'continue from the newest checkpoint of the run', false)
    .option('--json', 'print one JSON object an event instead of text', false)
    .addHelpText(
      'after',
      `
Examples:
  nanosd align student --teacher sd15 --photos photos --validation kodak -o aligned
  nanosd align student --teacher sd-mini --vae tiny-vae --photos photos -o aligned --steps 2000
  nanosd align student --teacher sd-mini --photos photos --validation kodak --init random -o random`,
    )
    .action(run);
}

function addTrainingOptions(command: Command): Command {
  return command
    .option('--steps <number>', 'updates', parseCount, 20_000)
    .option('--batch <number>', 'windows an update', parseCount, 8)
    .option('--resolution <pixels>', 'side of the windows (that of the teacher)', parseCount)
    .option('--learning-rate <rate>', 'the highest', parseFactor, 1e-4)
    .option('--feature-weight <weight>', 'of the outputs of the stages', parseNumber, 0)
    .option('--ema <decay>', 'of the average of the weights', parseNumber, 0.999)
    .addOption(
      new Option(
        '--kinds <from>',
        'where the kind of a picture, its prompt, is read from (its name, for learned kinds)',
      ).choices(['name_prefix', 'folder', 'file', 'none']),
    )
    .option('--cache <folder>', 'where latents are kept; runs may share it (that of the run)')
    .option('--workers <number>', 'threads that share a batch', parseCount, 2)
    .option('--seed <number>', 'decides every window, and random weights', parseSeed, 1);
}

async function run(student: string, flags: AlignFlags): Promise<void> {
  const { alignmentConfig, alignStudent } = await import('../../src/node.js');
  const { teacher, photos, output, vae, steps, batch, resolution, learningRate } = flags;
  const { featureWeight, workers, seed, kinds, init } = flags;
  const config = await alignmentConfig({
    ...{ student, teacher, photos, output, vae },
    validation: flags.validation ?? null,
    training: {
      ...{ steps, batch, resolution, learningRate, featureWeight, workers, seed, kinds, init },
      emaDecay: flags.ema,
      cacheFolder: flags.cache,
    },
  });
  await stoppable(async (signal) => {
    const events = alignStudent(config, output, typedCommand(), { resume: flags.resume, signal });
    await printDistillation(events, { json: flags.json, totalSteps: steps, signal });
  });
}
