import type { Command } from 'commander';
import type { Prior } from '../../src/node.js';
import { parseCount, parseSeed } from '../terminal/arguments.js';
import { interruptible } from '../terminal/interrupt.js';
import { createProgressLine } from '../terminal/progress.js';
import { formatTable } from '../terminal/table.js';
import { UsageError } from '../terminal/failures.js';

interface PriorFlags {
  readonly photos: string[];
  readonly features: string;
  readonly size: readonly number[];
  readonly samples: number;
  readonly steps: number;
  readonly seed: number;
  readonly prompts?: string[];
  readonly threads?: number;
  readonly json: boolean;
}

export function definePrior(command: Command): void {
  command
    .argument('<checkpoint>', "a checkpoint's folder or name, or its single file")
    .requiredOption('--photos <folders...>', 'photographs that it was not trained on')
    .requiredOption(
      '--features <network>',
      'what pictures are compared by: the weights of SqueezeNet 1.1 (a folder or .safetensors), or any network as .onnx',
    )
    .option('--size <sides>', 'sides of pictures in pixels, such as 64,128,256', parseSides, [64])
    .option('-n, --samples <n>', 'pictures of each side', parseCount, 256)
    .option('--steps <n>', 'steps of denoising', parseCount, 25)
    .option('--seed <n>', 'of noise and of windows', parseSeed, 0)
    .option('--prompts <words...>', 'what is asked for (default: every kind, or a list of texts)')
    .option('--threads <n>', 'threads (default: one a core)', parseCount)
    .option('--json', 'print a line of JSON a size instead of a table', false)
    .action((checkpoint: string, flags: PriorFlags) =>
      interruptible((signal) => measure(checkpoint, flags, signal)),
    );
}

async function measure(checkpoint: string, flags: PriorFlags, signal: AbortSignal): Promise<void> {
  const { measurePrior } = await import('../../src/node.js');
  const { size: sizes, json, ...settings } = flags;
  const progress = createProgressLine();
  const onProgress = (done: number): void =>
    progress.update(Math.round(done * 100), 100, checkpoint);
  const measured: Prior[] = [];
  try {
    for await (const prior of measurePrior(
      checkpoint,
      { ...settings, sizes },
      { signal, onProgress },
    )) {
      progress.clear();
      measured.push(prior);
      if (json) process.stdout.write(`${JSON.stringify(prior)}\n`);
    }
  } finally {
    progress.clear();
  }
  if (!json) process.stdout.write(formatTable(tableOf(measured)));
}

function tableOf(measured: readonly Prior[]): string[][] {
  const digits = (x: number): string => x.toPrecision(4);
  return [
    ['size', 'samples', 'distance', 'floor', 'loss', 'by tenths of the timesteps'],
    ...measured.map(({ size, samples, distance, floor, loss, byTimestep }) => [
      String(size),
      String(samples),
      digits(distance),
      digits(floor),
      digits(loss),
      byTimestep.map((part) => part.toFixed(3)).join(' '),
    ]),
  ];
}

function parseSides(text: string): number[] {
  const sides = text.split(',').map(Number);
  if (sides.every((side) => Number.isInteger(side) && side >= 32 && side % 32 === 0)) return sides;
  throw new UsageError(`expected --size with multiples of 32, such as 64,128, got ${text}`);
}
