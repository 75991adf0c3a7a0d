import type { Command } from 'commander';
import { parseSize } from '../terminal/arguments.js';
import type { InspectFlags } from './inspectReports.js';

export function defineInspect(command: Command): void {
  command
    .argument(
      '<model>',
      'a checkpoint (folder, .safetensors or .ckpt file), or a model: its folder, name or file',
    )
    .option('--size <size>', 'picture to count the work for, such as 512 or 640x480', parseSize)
    .option('--check', 'also read all weights, and look for numbers that are none', false)
    .option('--json', 'print JSON instead of a table', false)
    .action(inspect);
}

async function inspect(model: string, flags: InspectFlags): Promise<void> {
  const { findModelKind } = await import('../../src/node.js');
  const reports = await import('./inspectReports.js');
  const { kind, path } = await findModelKind(model);
  const report = await {
    checkpoint: reports.checkpointReport,
    network: reports.networkReport,
    restorer: reports.restorerReport,
  }[kind](path, flags);
  process.stdout.write(flags.json ? `${JSON.stringify(report.json, null, 2)}\n` : report.text);
}
