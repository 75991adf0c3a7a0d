import { InvalidArgumentError, Option, type Command } from 'commander';
import { basename } from 'node:path';
import type { Importance, SurgeryPlan, SurgeryReport, SurgeryRow } from '../../src/index.js';
import { UsageError } from '../terminal/failures.js';
import { formatTable } from '../terminal/table.js';
import { precisionOf, withWriteProgress, type PrecisionFlag } from '../terminal/writing.js';

interface SurgeryFlags {
  readonly output: string;
  readonly stages?: string;
  readonly keepCoarsest: boolean;
  readonly width: number;
  readonly vaeWidth: number;
  readonly importance: Importance;
  readonly precision?: PrecisionFlag;
  readonly variant?: string;
  readonly overwrite: boolean;
  readonly json: boolean;
}

const examples = `
Stages are given as E1 E2 E3 D3 D2 D1, each of R (resnet) and A (transformer):
  encoders  R, RA, RR or RARA
  decoders  R, RA, RR, RAR, RRA, RARA, RRR or RARARA

Examples:
  nanosd surgery sd15/ --stages "R R R RR R R" -o nano-170m/
  nanosd surgery sd15/ --stages "RA R RR RR R R" --width 0.75 --importance norm -o nano/
  nanosd surgery sd15/ --vae-width 0.5 --precision fp16 -o slim-vae/`;

export function defineSurgery(command: Command): void {
  command
    .argument(
      '<checkpoint>',
      'the teacher: a folder of diffusers, or a .safetensors or .ckpt file of the original layout',
    )
    .requiredOption('-o, --output <folder>', 'the checkpoint to write')
    .option('--stages <stages>', 'of the U-Net: "E1 E2 E3 D3 D2 D1"; all of it stays, unless given')
    .option('--keep-coarsest', 'keep E4, Mid and D4, which otherwise go with --stages', false)
    .option('--width <share>', "the share of the U-Net's channels that stays", parseShare, 1)
    .option('--vae-width <share>', "the share of the VAE's channels that stays", parseShare, 1)
    .addOption(
      new Option(
        '--importance <rule>',
        'which channels: the first, or those of the largest weights',
      )
        .choices(['first', 'norm'])
        .default('first'),
    )
    .addOption(
      new Option(
        '--precision <precision>',
        'how weights are stored; as they were, unless given',
      ).choices(['fp32', 'fp16']),
    )
    .option('--variant <name>', 'which weights of a folder to take, such as fp16')
    .option('--overwrite', 'replace a checkpoint that is already there', false)
    .option('--json', 'print JSON instead of a table', false)
    .addHelpText('after', examples)
    .action(surgery);
}

async function surgery(path: string, flags: SurgeryFlags): Promise<void> {
  const { castPipeline, cutPipeline, surgeryCard, surgeryReport, trainedSize } =
    await import('../../src/index.js');
  const { openCheckpoint, tokenizerWriter, writeCheckpoint } = await import('../../src/node.js');
  const { output, precision, variant, overwrite } = flags;
  const plan = await planOf(flags);
  await using checkpoint = await openCheckpoint(path, variant === undefined ? {} : { variant });
  const report = await withWriteProgress(output, async (control) => {
    const cut = await cutPipeline(checkpoint, plan, control);
    const student = precision === undefined ? cut : castPipeline(cut, precisionOf(precision));
    const compared = surgeryReport(checkpoint, student, trainedSize(checkpoint));
    const facts = { name: basename(output), teacher: checkpoint.name, plan, report: compared };
    const card = surgeryCard({ ...facts, command: commandOf(path, flags) });
    const writeTokenizer = tokenizerWriter(checkpoint.tokenizerFolder);
    await writeCheckpoint(output, student, writeTokenizer, { overwrite, card, ...control });
    return compared;
  });
  const text = flags.json ? jsonOf(output, plan, report) : tableOf(output, report);
  process.stdout.write(text);
}

async function planOf(flags: SurgeryFlags): Promise<SurgeryPlan> {
  const { parseStages } = await import('../../src/index.js');
  const { stages, width, vaeWidth, importance, keepCoarsest } = flags;
  if (stages === undefined && width === 1 && vaeWidth === 1) {
    throw new UsageError('expected --stages, --width or --vae-width, got nothing to cut');
  }
  if (stages === undefined && keepCoarsest) {
    throw new UsageError('expected --stages beside --keep-coarsest, got none');
  }
  return {
    stages: stages === undefined ? null : parseStages(stages),
    coarsest: keepCoarsest ? 'kept' : 'dropped',
    ...{ width, vaeWidth, importance },
  };
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new InvalidArgumentError('Expected a share above 0 and at most 1, such as 0.75.');
}

/** The command for the card, with only what differs from the defaults. */
function commandOf(path: string, flags: SurgeryFlags): string {
  const narrowed = flags.width < 1 || flags.vaeWidth < 1;
  return [
    `nanosd surgery ${basename(path)}`,
    ...(flags.stages === undefined ? [] : [`--stages "${flags.stages}"`]),
    ...(flags.keepCoarsest ? ['--keep-coarsest'] : []),
    ...(flags.width < 1 ? [`--width ${flags.width}`] : []),
    ...(flags.vaeWidth < 1 ? [`--vae-width ${flags.vaeWidth}`] : []),
    ...(narrowed ? [`--importance ${flags.importance}`] : []),
    ...(flags.precision === undefined ? [] : [`--precision ${flags.precision}`]),
    `-o ${basename(flags.output)}`,
  ].join(' ');
}

function jsonOf(output: string, plan: SurgeryPlan, report: SurgeryReport): string {
  return `${JSON.stringify({ output, ...plan, ...report }, null, 2)}\n`;
}

const unetStage = /^([ED]\d|Mid|conv_in\+time|out)$/;

function tableOf(output: string, { input, rows }: SurgeryReport): string {
  const head = ['', 'layers', '', 'parameters', '', 'GMAC', ''];
  const sub = ['', 'before', 'after', 'before', 'after', 'before', 'after'];
  const body = rows.map(({ name, layers, before, after }: SurgeryRow) => [
    unetStage.test(name) ? `  ${name}` : name,
    layers[0] ?? '',
    layers[1] ?? (layers[0] === null ? '' : '-'),
    before.parameters.toLocaleString('en'),
    after?.parameters.toLocaleString('en') ?? '-',
    before.gmac.toFixed(1),
    after?.gmac.toFixed(1) ?? '-',
  ]);
  const note = `${output}: for a picture of ${input.width}x${input.height}, one step of the U-Net\n`;
  return formatTable([head, sub, ...body]) + note;
}
