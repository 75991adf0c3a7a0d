import type { Command } from 'commander';
import type { PictureScores, RestorationMethod, TimedScores } from '../../src/node.js';
import { parseCount, parseTile } from '../terminal/arguments.js';
import { interruptible } from '../terminal/interrupt.js';
import type { ModelFlags } from '../terminal/model.js';
import { addModelOptions } from '../terminal/modelOptions.js';
import { createProgressLine } from '../terminal/progress.js';
import { formatTable } from '../terminal/table.js';

interface EvalFlags extends ModelFlags {
  readonly hr: string;
  readonly lr?: string;
  readonly niqe?: string;
  readonly tile?: number;
  readonly json: boolean;
}

/** What models are compared with, and the kernel of each. */
const interpolations = new Map([
  ['bicubic', 'bicubic'],
  ['lanczos', 'lanczos3'],
] as const);

export function defineEval(command: Command): void {
  addModelOptions(command, "a model's folder or name, bicubic, or lanczos")
    .requiredOption('--hr <folder>', 'the originals; if any are named *_HR.*, only those')
    .option(
      '--lr <folder>',
      'what to restore, in the same order; if any are named *_LR.*, only those',
    )
    .option('-s, --scale <n>', 'output pixels a side for one input pixel', parseCount)
    .option('--tile <n|auto>', 'longest side computed at once, in input pixels', parseTile)
    .option('--niqe <file>', 'pristine model of NIQE (default: our own)')
    .option('--json', 'print JSON instead of a table', false)
    .action((flags: EvalFlags) => interruptible((signal) => evaluate(flags, signal)));
}

async function evaluate(flags: EvalFlags, signal: AbortSignal): Promise<void> {
  const { evaluatePairs, listImagePairs, meanScores, readNiqeModel } =
    await import('../../src/node.js');
  const pairs = await listImagePairs(flags.hr, flags.lr ?? flags.hr);
  const pristine = await readNiqeModel(flags.niqe);
  await using method = await openMethod(flags, signal);
  const progress = createProgressLine();
  const pictures: PictureScores[] = [];
  try {
    progress.update(0, pairs.length, flags.hr);
    for await (const scores of evaluatePairs(pairs, method, pristine)) {
      signal.throwIfAborted();
      pictures.push(scores);
      progress.update(pictures.length, pairs.length, scores.name);
    }
  } finally {
    progress.clear();
  }
  const mean = meanScores(pictures);
  process.stdout.write(flags.json ? formatJson(mean, pictures) : formatScores(mean, pictures));
}

async function openMethod(
  flags: EvalFlags,
  signal: AbortSignal,
): Promise<RestorationMethod & AsyncDisposable> {
  const { clampImage, imresize } = await import('../../src/index.js');
  const kernel = interpolations.get(flags.model as 'bicubic' | 'lanczos');
  if (kernel !== undefined) {
    const { scale = 4 } = flags;
    return {
      scale,
      prepare: () => Promise.resolve(),
      restore: (image) => Promise.resolve(clampImage(imresize(image, { scale, kernel }))),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { openModelOfScale } = await import('../terminal/model.js');
  const restorer = await openModelOfScale(flags);
  const { tile, fidelity } = flags;
  const options = {
    ...(tile !== undefined && { tile }),
    ...(fidelity !== undefined && { fidelity }),
  };
  return {
    scale: restorer.scale,
    prepare: (width, height) => restorer.prepare(width, height, options),
    restore: (image) => restorer.restore(image, { signal, ...options }),
    [Symbol.asyncDispose]: () => restorer[Symbol.asyncDispose](),
  };
}

/** Scores without a value (NIQE of small pictures, PSNR of equal ones) are null. */
function formatJson(mean: TimedScores, images: readonly PictureScores[]): string {
  return `${JSON.stringify({ mean, images }, null, 2)}\n`;
}

function formatScores(mean: TimedScores, pictures: readonly PictureScores[]): string {
  const header = ['', 'PSNR-Y', 'SSIM-Y', 'PSNR-RGB', 'NIQE', 'ms'];
  const rows = [...pictures, { name: 'mean', ...mean }].map((scores) => [
    scores.name,
    formatScore(scores.psnrY, 2),
    formatScore(scores.ssimY, 4),
    formatScore(scores.psnrRgb, 2),
    formatScore(scores.niqe, 2),
    scores.ms.toFixed(1),
  ]);
  return formatTable([header, ...rows]);
}

function formatScore(score: number, digits: number): string {
  return Number.isNaN(score) ? '-' : score.toFixed(digits);
}
