import { Option, type Command } from 'commander';
import { precisionOf, withWriteProgress, type PrecisionFlag } from '../terminal/writing.js';

interface ConvertFlags {
  readonly output: string;
  readonly precision?: PrecisionFlag;
  readonly variant?: string;
  readonly overwrite: boolean;
}

export function defineConvert(command: Command): void {
  command
    .argument(
      '<checkpoint>',
      'a folder of diffusers, or a .safetensors or .ckpt file of the original layout',
    )
    .requiredOption(
      '-o, --output <path>',
      'a name ending in .safetensors for the original layout, else a folder for diffusers',
    )
    .addOption(
      new Option(
        '--precision <precision>',
        'how weights are stored; as they were, unless given',
      ).choices(['fp32', 'fp16']),
    )
    .option('--variant <name>', 'which weights of a folder to take, such as fp16')
    .option('--overwrite', 'replace what is already there', false)
    .action(convert);
}

async function convert(path: string, flags: ConvertFlags): Promise<void> {
  const { castPipeline } = await import('../../src/index.js');
  const { openCheckpoint, tokenizerWriter, writeCheckpoint, writeLdmFile } =
    await import('../../src/node.js');
  const { output, precision, variant, overwrite } = flags;
  await using checkpoint = await openCheckpoint(path, variant === undefined ? {} : { variant });
  for (const notice of checkpoint.notices) process.stderr.write(`nanosd: ${notice}\n`);
  const pipeline =
    precision === undefined ? checkpoint : castPipeline(checkpoint, precisionOf(precision));
  await withWriteProgress(output, (progress) => {
    const options = { overwrite, ...progress };
    if (output.endsWith('.safetensors')) return writeLdmFile(output, pipeline, options);
    const writeTokenizer = tokenizerWriter(checkpoint.tokenizerFolder);
    return writeCheckpoint(output, pipeline, writeTokenizer, options);
  });
  process.stdout.write(
    `${output}: ${checkpoint.name}${precision === undefined ? '' : `, ${precision}`}\n`,
  );
}
