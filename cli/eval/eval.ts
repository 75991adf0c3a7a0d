import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { Evaluated, PerceptualMeter, RestorationMethod } from '../../src/node.js';
import { parseCount, parseSeed, parseTile } from '../terminal/arguments.js';
import { interruptible } from '../terminal/interrupt.js';
import { addModelOptions, describeTasks } from '../terminal/modelOptions.js';
import { createProgressLine } from '../terminal/progress.js';
import type { EvalFlags } from './evalFlags.js';
import { formatJson, formatScores, type MethodReport } from './evalReport.js';

export function defineEval(command: Command): void {
  command
    .option('--hr <folder>', 'the originals; if any are named *_HR.*, only those')
    .option('--lr <folder>', 'what to restore; without --hr, it is judged without originals')
    .option('--degradation <name|file>', 'restore the originals, so degraded: a preset, or YAML')
    .option('--seed <n>', 'what the degradation is drawn from', parseSeed, 0)
    .option('-s, --scale <n>', 'output pixels a side for one input pixel', parseCount);
  addModelOptions(command, "a model's folder or name, bicubic, or lanczos")
    .option('--tile <n|auto>', 'longest side computed at once, in input pixels', parseTile)
    .addOption(
      new Option('--baseline <name>', 'what to compare with')
        .choices(['bicubic', 'lanczos', 'none'])
        .default('none'),
    )
    .option('--border <n>', 'pixels left out on each side (default: the scale, 0 for 1)', parseSeed)
    .option('--perceptual <path>', 'SqueezeNet 1.1, for SQZ: its folder or safetensors file')
    .option('--niqe <file>', 'pristine model of NIQE (default: our own)')
    .option('--save <folder>', 'keep the results there, as PNG')
    .option('--json', 'print JSON instead of a table', false)
    .action(async (flags: EvalFlags) => {
      if (flags.task === true) process.stdout.write(describeTasks());
      else await interruptible((signal) => evaluateFlags(flags, signal));
    });
}

async function evaluateFlags(flags: EvalFlags, signal: AbortSignal): Promise<void> {
  const { evaluate, readNiqeModel } = await import('../../src/node.js');
  const { openSubjects } = await import('./evalSubjects.js');
  await using method = await openMethod(flags, signal);
  const baseline = await openBaseline(flags, method.scale);
  await using perceptual = await openPerceptual(flags);
  const subjects = await openSubjects(flags, method.scale);
  const options = {
    pristine: await readNiqeModel(flags.niqe),
    ...(perceptual && { perceptual }),
    ...(flags.border !== undefined && { border: flags.border }),
  };
  const methods = [method, ...(baseline ? [baseline] : [])];
  const reports = methods.map(({ name, fidelity }) => ({
    ...{ name, images: [] as MethodReport['images'][number][] },
    ...(fidelity !== undefined && { fidelity }),
  }));
  const progress = createProgressLine();
  let done = 0;
  try {
    progress.update(0, subjects.length, 'eval');
    for await (const one of evaluate(subjects, methods, options)) {
      signal.throwIfAborted();
      const { name } = one.subject;
      one.results.forEach(({ scores }, i) => reports[i].images.push({ name, ...scores }));
      await save(flags, one);
      progress.update(++done, subjects.length, name);
    }
  } finally {
    progress.clear();
  }
  const [report, other] = reports;
  process.stdout.write((flags.json ? formatJson : formatScores)(report, other));
}

interface NamedMethod extends RestorationMethod, AsyncDisposable {
  readonly name: string;
  readonly fidelity?: number;
}

async function openMethod(flags: EvalFlags, signal: AbortSignal): Promise<NamedMethod> {
  const { model, scale = 4 } = flags;
  if (model === 'bicubic' || model === 'lanczos') return openInterpolation(model, scale);
  const { openModelOfScale } = await import('../terminal/model.js');
  const restorer = await openModelOfScale(flags);
  const { tile } = flags;
  const fidelity = flags.fidelity ?? restorer.fidelity;
  const known = { ...(fidelity !== undefined && { fidelity }) };
  const options = { ...(tile !== undefined && { tile }), ...known };
  return {
    name: restorer.model.name,
    scale: restorer.scale,
    ...known,
    prepare: (width, height) => restorer.prepare(width, height, options),
    restore: (image) => restorer.restore(image, { signal, ...options }),
    [Symbol.asyncDispose]: () => restorer[Symbol.asyncDispose](),
  };
}

async function openInterpolation(name: 'bicubic' | 'lanczos', scale: number): Promise<NamedMethod> {
  const { interpolation } = await import('../../src/node.js');
  return {
    ...interpolation(scale, name === 'bicubic' ? 'bicubic' : 'lanczos3'),
    name: scale === 1 ? 'as it is' : name,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function openBaseline(
  { baseline }: EvalFlags,
  scale: number,
): Promise<NamedMethod | undefined> {
  return baseline === 'none' ? undefined : openInterpolation(baseline, scale);
}

async function openPerceptual({
  perceptual,
  threads,
}: EvalFlags): Promise<PerceptualMeter | undefined> {
  if (perceptual === undefined) return undefined;
  const { createNodeExecutor, openPerceptualMeter } = await import('../../src/node.js');
  const options = threads === undefined ? {} : { threads };
  return openPerceptualMeter(perceptual, createNodeExecutor(options));
}

/** Results under the names of their pictures, and what was degraded on the fly in a folder of its own. */
async function save(flags: EvalFlags, { subject, pictures, results }: Evaluated): Promise<void> {
  const { save: folder, degradation } = flags;
  if (folder === undefined) return;
  const { makeFolder, writeImage } = await import('../../src/node.js');
  await makeFolder(folder);
  await writeImage(join(folder, `${subject.name}.png`), results[0].image);
  if (degradation === undefined) return;
  await makeFolder(join(folder, 'degraded'));
  await writeImage(join(folder, 'degraded', `${subject.name}.png`), pictures.poor);
}
