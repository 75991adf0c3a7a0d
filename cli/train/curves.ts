import type { Command } from 'commander';
import { formatTable } from '../terminal/table.js';

interface CurvesFlags {
  readonly output?: string;
  readonly label: string;
  readonly json: boolean;
}

export function defineCurves(command: Command): void {
  command
    .argument('<runs...>', 'folders of runs or of what they have written, FOLDER or NAME=FOLDER')
    .option('-o, --output <file>', 'an SVG to draw the curves in')
    .option('--label <text>', 'what the scores are', 'held-out loss')
    .option('--json', 'print JSON instead of a table', false)
    .addHelpText(
      'after',
      `
Example:
  nanosd curves distilled=aligned inherited=cut random=random -o curves.svg`,
    )
    .action(compareCurves);
}

async function compareCurves(runs: string[], flags: CurvesFlags): Promise<void> {
  const { readLearningCurve, replaceFile } = await import('../../src/node.js');
  const { curveSvg, curveTable } = await import('../../src/training.js');
  const curves = await Promise.all(
    runs.map((run) => {
      const [, name, folder] = /^([^=/\\]+)=(.+)$/.exec(run) ?? [];
      return folder === undefined ? readLearningCurve(run) : readLearningCurve(folder, name);
    }),
  );
  if (flags.output !== undefined) {
    await replaceFile(flags.output, [new TextEncoder().encode(curveSvg(curves, flags.label))]);
  }
  process.stdout.write(
    flags.json ? `${JSON.stringify(curves)}\n` : formatTable(curveTable(curves)),
  );
}
