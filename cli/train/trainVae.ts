import type { Command } from 'commander';
import { parseCount, parseCounts, parseFactor, parseSeed } from '../terminal/arguments.js';
import { printDistillation, stoppable, typedCommand } from './trainingRun.js';

interface TrainVaeFlags {
  readonly photos: string[];
  readonly output: string;
  readonly validation?: string;
  readonly width?: number;
  readonly encoderDepth?: number[];
  readonly decoderDepth?: number[];
  readonly steps: number;
  readonly batch: number;
  readonly resolution?: number;
  readonly learningRate: number;
  readonly workers: number;
  readonly seed: number;
  readonly resume: boolean;
  readonly json: boolean;
}

export function defineTrainVae(command: Command): void {
  command
    .argument('<teacher>', 'a checkpoint, or the folder of its VAE')
    .requiredOption('--photos <folder...>', 'folders of photographs to learn on')
    .requiredOption('-o, --output <folder>', 'the VAE to write; the run lies in OUTPUT.training')
    .option('--validation <folder>', 'pictures that are to come back whole, to choose the best by')
    .option(
      '--width <channels>',
      'of all levels (half of the teacher’s finest, at most 64)',
      parseCount,
    )
    .option('--encoder-depth <counts>', 'residual blocks, fine to coarse (1,4,8,12)', parseCounts)
    .option('--decoder-depth <counts>', 'residual blocks, fine to coarse (1,3,5,7)', parseCounts)
    .option('--steps <number>', 'updates', parseCount, 20_000)
    .option('--batch <number>', 'crops an update', parseCount, 8)
    .option('--resolution <pixels>', 'side of the crops (16 cells of the latents)', parseCount)
    .option('--learning-rate <rate>', 'the highest', parseFactor, 1e-3)
    .option('--workers <number>', 'threads that share a batch', parseCount, 2)
    .option('--seed <number>', 'decides the first weights and every crop', parseSeed, 1)
    .option('--resume', 'continue from the newest checkpoint of the run', false)
    .option('--json', 'print one JSON object an event instead of text', false)
    .addHelpText(
      'after',
      `
Examples:
  nanosd train-vae sd15 --photos photos --validation kodak -o tiny-vae
  nanosd train-vae sd-mini --photos photos -o tiny-vae --width 24 --encoder-depth 1,2,3 --steps 3000`,
    )
    .action(run);
}

async function run(teacher: string, flags: TrainVaeFlags): Promise<void> {
  const { trainVae, vaeDistillationConfig } = await import('../../src/node.js');
  const { photos, output, steps, batch, resolution, learningRate, workers, seed } = flags;
  const config = await vaeDistillationConfig({
    teacher,
    photos,
    output,
    validation: flags.validation ?? null,
    network: {
      width: flags.width,
      encoderLayers: flags.encoderDepth,
      decoderLayers: flags.decoderDepth,
    },
    training: { steps, batch, resolution, learningRate, workers, seed },
  });
  await stoppable(async (signal) => {
    const events = trainVae(config, output, typedCommand(), { resume: flags.resume, signal });
    await printDistillation(events, { json: flags.json, totalSteps: steps, signal });
  });
}
