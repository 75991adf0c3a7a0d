import { existsSync, realpathSync } from 'node:fs';
import { parse } from 'node:path';
import type { Command } from 'commander';
import type { FileRestorer, RestoreFileOptions } from '../src/node.js';
import { parseBytes, parseCount, parseTile } from './arguments.js';
import { UsageError } from './failures.js';
import { interruptible } from './interrupt.js';
import { openModel, type ModelFlags } from './model.js';
import { createProgressLine } from './progress.js';

interface RestoreFlags extends ModelFlags {
  readonly output?: string;
  readonly tile?: number;
  readonly maxMemory?: number;
  readonly quality?: number;
  readonly overwrite: boolean;
  readonly json: boolean;
}

export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('restore a photo')
    .argument('<photo>', 'image file: JPEG, PNG, WebP, AVIF, TIFF, BMP, ...')
    .option('-o, --output <file>', 'where to write to (default: beside the photo, as PHOTO_x4.EXT)')
    .option('-t, --task <task>', 'what to do: sr (enlarge)', 'sr')
    .option('-s, --scale <n>', 'output pixels a side for one input pixel', parseCount)
    .option('-m, --model <model>', "a model's folder or name (default: the best one for the task)")
    .option('--device <name>', 'what to compute on: cpu, webgpu, cuda, ...', 'cpu')
    .option('--threads <n>', 'threads (default: one a core)', parseCount)
    .option('--tile <n|auto>', 'longest side computed at once, in input pixels', parseTile)
    .option('--max-memory <size>', 'such as 2GB (default: what is free)', parseBytes)
    .option('--quality <n>', '1 to 100, for JPEG, WebP and AVIF (default: 95)', parseCount)
    .option('--overwrite', 'replace the photo itself, or an existing default output', false)
    .option('--json', 'print the outcome as JSON', false)
    .action((photo: string, flags: RestoreFlags) =>
      interruptible((signal) => restorePhoto(photo, flags, signal)),
    );
}

async function restorePhoto(
  photo: string,
  flags: RestoreFlags,
  signal: AbortSignal,
): Promise<void> {
  const restorer = await openModel(flags);
  const progress = createProgressLine();
  try {
    const output = chooseOutput(photo, flags, restorer.scale);
    const options: RestoreFileOptions = {
      ...definedOptions(flags),
      signal,
      onProgress: ({ done, total }) => progress.update(done, total, photo),
    };
    const { width, height, ms } = await restorer.restoreFile(photo, output, options);
    progress.clear();
    print({ input: photo, output, ...describe(restorer), width, height, ms }, flags.json);
  } catch (error) {
    progress.clear();
    throw error;
  } finally {
    await restorer[Symbol.asyncDispose]();
  }
}

function definedOptions({ tile, maxMemory, quality }: RestoreFlags): RestoreFileOptions {
  return {
    ...(tile !== undefined && { tile }),
    ...(maxMemory !== undefined && { maxMemory }),
    ...(quality !== undefined && { quality }),
  };
}

const writable = /^\.(png|jpe?g|webp|avif|tiff?)$/i;

function chooseOutput(photo: string, flags: RestoreFlags, scale: number): string {
  const { dir, name, ext } = parse(photo);
  const beside = `${dir ? `${dir}/` : ''}${name}_x${scale}${writable.test(ext) ? ext : '.png'}`;
  const output = flags.output ?? beside;
  if (flags.overwrite || !existsSync(output)) return output;
  if (flags.output === undefined) {
    throw new UsageError(`${output}: exists; --overwrite replaces it, -o names another`);
  }
  if (existsSync(photo) && realpathSync(photo) === realpathSync(output)) {
    throw new UsageError(`${output}: is the photo itself; --overwrite replaces it`);
  }
  return output;
}

function describe({ model, device, scale }: FileRestorer) {
  return { model: model.name, task: model.task, device, scale };
}

interface Outcome {
  readonly input: string;
  readonly output: string;
  readonly width: number;
  readonly height: number;
  readonly ms: number;
}

function print(outcome: Outcome, json: boolean): void {
  const { output, width, height, ms } = outcome;
  const text = json
    ? JSON.stringify({ ...outcome, ms: Math.round(ms) })
    : `${output}: ${width}x${height} in ${(ms / 1000).toFixed(1)} s`;
  process.stdout.write(`${text}\n`);
}
