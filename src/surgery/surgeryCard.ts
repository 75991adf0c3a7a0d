import type { SurgeryPlan } from './cutPipeline.js';
import { formatStages } from './stages.js';
import type { SurgeryReport, SurgeryRow } from './surgeryReport.js';

/** What the card of a checkpoint says that surgery has made. */
export interface SurgeryFacts {
  readonly name: string;
  /** What it was cut from, by the name of its folder or file. */
  readonly teacher: string;
  readonly plan: SurgeryPlan;
  readonly report: SurgeryReport;
  /** What was run. */
  readonly command: string;
}

/** The README of a checkpoint that surgery has made: what was cut, and what that changed. */
export function surgeryCard({ name, teacher, plan, report, command }: SurgeryFacts): string {
  const { width, height } = report.input;
  const sections = [
    ['---', 'library_name: nanosd', 'pipeline_tag: text-to-image', '---'].join('\n'),
    `# ${name}`,
    `Cut from \`${teacher}\` (NanoSD's surgery, arXiv 2601.09823). Its weights are the teacher's and under the ` +
      `teacher's licence; it has not been trained since, so it makes pictures of any use only after distillation ` +
      `or alignment.`,
    whatWasCut(plan).join('\n'),
    ['```sh', command, '```'].join('\n'),
    `For a picture of ${width}x${height}, and one step of the U-Net:`,
    table(report.rows),
  ];
  return `${sections.join('\n\n')}\n`;
}

function whatWasCut({ stages, coarsest, width, vaeWidth, importance }: SurgeryPlan): string[] {
  const which = { first: 'the first of each part', norm: 'those of the largest weights' }[
    importance
  ];
  return [
    ...(stages
      ? [
          `- U-Net: stages \`${formatStages(stages)}\` (E1 E2 E3 D3 D2 D1)`,
          coarsest === 'kept'
            ? '- E4, Mid and D4 kept'
            : '- E4, Mid and D4 dropped; D3 takes what E3 gives',
        ]
      : []),
    ...(width < 1 ? [`- U-Net: ${percent(width)} of the channels, ${which}`] : []),
    ...(vaeWidth < 1 ? [`- VAE: ${percent(vaeWidth)} of the channels, ${which}`] : []),
  ];
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`;
}

function table(rows: readonly SurgeryRow[]): string {
  const cells = rows.map(({ name, layers, before, after }) => [
    name,
    layers[0] === null ? '' : `${layers[0]} → ${layers[1] ?? '-'}`,
    before.parameters.toLocaleString('en-US'),
    after?.parameters.toLocaleString('en-US') ?? '-',
    before.gmac.toFixed(2),
    after?.gmac.toFixed(2) ?? '-',
  ]);
  const head = ['part', 'layers', 'parameters before', 'after', 'GMAC before', 'after'];
  const widths = head.map((text, i) => Math.max(text.length, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const rule = line(widths.map((length) => '-'.repeat(length)));
  return [line(head), rule, ...cells.map(line)].join('\n');
}
