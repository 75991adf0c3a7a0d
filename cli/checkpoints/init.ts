import { Option, type Command } from 'commander';
import { parseSeed } from '../terminal/arguments.js';
import { UsageError } from '../terminal/failures.js';
import { precisionOf, withWriteProgress, type PrecisionFlag } from '../terminal/writing.js';

interface InitFlags {
  readonly output: string;
  readonly seed: number;
  readonly precision: PrecisionFlag;
  readonly overwrite: boolean;
}

export function defineInit(command: Command): void {
  command
    .argument('<preset>', 'sd15, bk-sdm-base, bk-sdm-small, bk-sdm-tiny or sd-mini')
    .requiredOption('-o, --output <folder>', 'the checkpoint to write')
    .option('--seed <number>', 'what the weights follow from', parseSeed, 0)
    .addOption(
      new Option('--precision <precision>', 'how weights are stored')
        .choices(['fp32', 'fp16'])
        .default('fp32'),
    )
    .option('--overwrite', 'replace a checkpoint that is already there', false)
    .action(init);
}

async function init(preset: string, flags: InitFlags): Promise<void> {
  const { presets, presetNames } = await import('../../src/index.js');
  const { initCheckpoint } = await import('../../src/node.js');
  const name = presetNames.find((known) => known === preset);
  if (name === undefined) {
    throw new UsageError(`expected one of ${presetNames.join(', ')}, got ${preset}`);
  }
  const { output, seed, precision, overwrite } = flags;
  await withWriteProgress(output, (progress) =>
    initCheckpoint(output, presets[name], {
      seed,
      precision: precisionOf(precision),
      overwrite,
      ...progress,
    }),
  );
  process.stdout.write(`${output}: ${name}, random weights of seed ${seed}, ${precision}\n`);
}
