import type { Command } from 'commander';
import type { ModelReport } from '../src/index.js';
import { parseSize } from './arguments.js';
import { formatTable } from './table.js';

interface InspectFlags {
  readonly size: { readonly width: number; readonly height: number };
  readonly json: boolean;
}

export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .description('show what a model holds and what it costs to run')
    .argument('<model>', "a model's folder or name")
    .option('--size <size>', 'input to count the work for, such as 128 or 640x480', parseSize, {
      width: 128,
      height: 128,
    })
    .option('--json', 'print JSON instead of a table', false)
    .action(inspect);
}

async function inspect(model: string, { size, json }: InspectFlags): Promise<void> {
  const { inspectRestorer } = await import('../src/index.js');
  const { openRestorerFolder, readRestorerWeights } = await import('../src/node.js');
  const folder = await openRestorerFolder(model);
  // The counts follow from the config; that the weights agree with it is worth knowing too.
  await readRestorerWeights(folder);
  const report = inspectRestorer(folder.config, size);
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
}

function formatReport({ input, total, stages }: ModelReport): string {
  const header = ['', 'parameters', 'tensors', 'GMAC'];
  const rows = [...stages, { name: 'total', ...total }].map((part) => [
    part.name,
    part.parameters.toLocaleString('en'),
    String(part.tensors),
    part.gmac.toFixed(3),
  ]);
  const peak = (total.activationPeakBytes / 1e6).toFixed(1);
  return (
    formatTable([header, ...rows]) +
    `for an input of ${input.width}x${input.height}; activations alive at once: ${peak} MB (float32)\n`
  );
}
