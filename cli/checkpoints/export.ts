import { Option, type Command } from 'commander';
import { parseCount, parseSize } from '../terminal/arguments.js';
import { formatTable } from '../terminal/table.js';
import { precisionOf, withWriteProgress, type PrecisionFlag } from '../terminal/writing.js';

interface ExportFlags {
  readonly output: string;
  readonly precision: PrecisionFlag;
  readonly size: { readonly width: number; readonly height: number };
  readonly batch: number;
  readonly variant?: string;
  readonly overwrite: boolean;
}

export function defineExport(command: Command): void {
  command
    .argument(
      '<checkpoint>',
      'a folder of diffusers, or a .safetensors or .ckpt file of the original layout',
    )
    .requiredOption('-o, --output <folder>', 'the folder to write')
    .addOption(new Option('--format <format>', 'what for').choices(['onnx']).default('onnx'))
    .addOption(
      new Option('--precision <precision>', 'what the networks compute in')
        .choices(['fp32', 'fp16'])
        .default('fp32'),
    )
    .option('--size <size>', 'picture that they are for, such as 512 or 640x480', parseSize, {
      width: 512,
      height: 512,
    })
    .option('--batch <number>', 'pictures at once; 2 for guidance in one run', parseCount, 1)
    .option('--variant <name>', 'which weights of a folder to take, such as fp16')
    .option('--overwrite', 'replace an export that is already there', false)
    .action(exportOnnx);
}

async function exportOnnx(path: string, flags: ExportFlags): Promise<void> {
  const { exportCheckpoint, openCheckpoint, tokenizerWriter } = await import('../../src/node.js');
  const { output, precision, size, batch, variant, overwrite } = flags;
  await using checkpoint = await openCheckpoint(path, variant === undefined ? {} : { variant });
  const writeTokenizer = tokenizerWriter(checkpoint.tokenizerFolder);
  const files = await withWriteProgress(output, (progress) =>
    exportCheckpoint(output, checkpoint, writeTokenizer, {
      ...size,
      batch,
      precision: precisionOf(precision),
      overwrite,
      ...progress,
    }),
  );
  const rows = files.map(({ path: file, bytes }) => [file, `${(bytes / 1e6).toFixed(1)} MB`]);
  process.stdout.write(formatTable([[output, ''], ...rows]));
}
