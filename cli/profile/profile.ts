import { Option, type Command } from 'commander';
import {
  parseBytes,
  parseCount,
  parseFactor,
  parseSeed,
  parseSize,
} from '../terminal/arguments.js';
import { UsageError } from '../terminal/failures.js';
import { interruptible } from '../terminal/interrupt.js';
import type { ProfileFlags } from './profileModel.js';

const examples = `
Examples:
  nanosd profile sd15 -o latency.json --size 512 --check 10
  nanosd profile checkpoint/ -o latency.json --device webgpu --precision fp16 --max-seconds 120
  nanosd profile --import phone.csv --device "SM8750 NPU" --precision w8a16 -o phone.json`;

export function defineProfile(command: Command): void {
  command
    .argument('[model]', "a teacher: a checkpoint's folder, name or file, or a preset such as sd15")
    .requiredOption('-o, --output <file>', 'the latency table to write, such as latency.json')
    .option('--device <name>', 'what to compute on: cpu, webgpu, cuda, wasm, ...', 'cpu')
    .option('--precision <name>', 'what to compute in: fp32 or fp16', 'fp32')
    .option('--size <size>', "picture size (default: the teacher's own)", parseSize)
    .addOption(
      new Option('--latent <size>', 'the same in cells of the latent')
        .argParser(parseSize)
        .conflicts('size'),
    )
    .option('--batch <n>', 'pictures at once; 2 for guidance in one run', parseCount, 1)
    .option('--context-tokens <n>', "tokens of the prompt (default: the teacher's)", parseCount)
    .option('--threads <n>', 'threads (default: one a core)', parseCount)
    .option('--runs <n>', 'measured runs of each part, after two that warm up', parseCount, 11)
    .option('--max-seconds <s>', 'end with the runs that were done by then', parseFactor)
    .option(
      '--max-memory <size>',
      'for what is loaded at once (default: half of what is free)',
      parseBytes,
    )
    .option('--stages <names>', 'which stages, such as E1,D1', 'all')
    .option('--networks', 'also the autoencoder and the text encoder', false)
    .option(
      '--check <n>',
      'also n whole networks, and how well the sum of parts predicts them',
      parseCount,
    )
    .option('--seed <n>', 'which networks those are, and the order of measuring', parseSeed, 0)
    .option(
      '--import <file>',
      'write a table that was measured elsewhere (.json, or .csv: stage,option,median_ms)',
    )
    .option('--json', 'print JSON instead of a table', false)
    .addHelpText('after', examples)
    .action((model: string | undefined, flags: ProfileFlags) =>
      interruptible((signal) => profile(model, flags, signal)),
    );
}

async function profile(
  model: string | undefined,
  flags: ProfileFlags,
  signal: AbortSignal,
): Promise<void> {
  if ((model === undefined) === (flags.import === undefined)) {
    throw new UsageError('expected either a model to measure or --import of a table');
  }
  const { importTable, profileModel } = await import('./profileModel.js');
  const text =
    model === undefined ? await importTable(flags) : await profileModel(model, flags, signal);
  process.stdout.write(text);
}
