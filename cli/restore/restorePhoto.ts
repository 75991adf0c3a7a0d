import { existsSync, realpathSync } from 'node:fs';
import { dirname, parse } from 'node:path';
import {
  endingOf,
  removeStaleWorkFolders,
  type FileRestorer,
  type RestoredFile,
} from '../../src/restoring-node.js';
import { UsageError } from '../terminal/failures.js';
import { openModel } from '../terminal/model.js';
import { createProgressLine } from '../terminal/progress.js';
import { askedFormat, fileOptions, type RestoreFlags } from './restoreFlags.js';

/** `nanosd restore PHOTO`. */
export async function restorePhoto(
  photo: string,
  flags: RestoreFlags,
  signal: AbortSignal,
): Promise<void> {
  const options = fileOptions(flags);
  const restorer = await openModel(flags);
  const progress = createProgressLine();
  try {
    const output = chooseOutput(photo, flags, restorer.scale);
    await removeStaleWorkFolders(dirname(output));
    const restored = await restorer.restoreFile(photo, output, {
      ...options,
      signal,
      onProgress: ({ done, total }) => progress.update(done, total, photo),
    });
    progress.clear();
    print({ input: photo, output, ...describe(restorer, flags) }, restored, flags.json);
  } catch (error) {
    progress.clear();
    throw error;
  } finally {
    await restorer[Symbol.asyncDispose]();
  }
}

function chooseOutput(photo: string, flags: RestoreFlags, scale: number): string {
  const output = flags.output ?? besidePhoto(photo, flags, scale);
  if (flags.overwrite || !existsSync(output)) return output;
  if (flags.output === undefined) {
    throw new UsageError(`${output}: exists; --overwrite replaces it, -o names another`);
  }
  if (existsSync(photo) && realpathSync(photo) === realpathSync(output)) {
    throw new UsageError(`${output}: is the photo itself; --overwrite replaces it`);
  }
  return output;
}

const writable = /^\.(png|jpe?g|jfif|webp|avif|tiff?|gif)$/i;

function besidePhoto(photo: string, flags: RestoreFlags, scale: number): string {
  const { dir, name, ext } = parse(photo);
  const format = askedFormat(flags);
  const ending = format ? endingOf(format) : writable.test(ext) ? ext : '.png';
  return `${dir ? `${dir}/` : ''}${name}_${sizeName(flags, scale)}${ending}`;
}

/** `x2.5`, `1920w`, `1080h`, `1920x1080`. */
function sizeName({ scale, width, height }: RestoreFlags, modelScale: number): string {
  if (width !== undefined && height !== undefined) return `${width}x${height}`;
  if (width !== undefined) return `${width}w`;
  if (height !== undefined) return `${height}h`;
  return `x${scale ?? modelScale}`;
}

interface Subject {
  readonly input: string;
  readonly output: string;
  readonly model: string;
}

function describe(restorer: FileRestorer, flags: RestoreFlags) {
  const { model, device, scale } = restorer;
  const sides = flags.width !== undefined || flags.height !== undefined;
  const factor = sides ? undefined : (flags.scale ?? scale);
  const fidelity = flags.fidelity ?? restorer.fidelity;
  return {
    ...{ model: model.name, task: model.task, device },
    ...(factor && { scale: factor }),
    ...(fidelity !== undefined && { fidelity }),
  };
}

function print(subject: Subject, restored: RestoredFile, json: boolean): void {
  const { width, height, frames, lost, stretched } = restored;
  const ms = Math.round(restored.ms);
  if (json) {
    const rest = {
      ...(frames > 1 && { frames }),
      ...(lost.length > 0 && { lost }),
      ...(stretched > 1 && { stretched }),
    };
    process.stdout.write(`${JSON.stringify({ ...subject, width, height, ms, ...rest })}\n`);
    return;
  }
  const times = frames > 1 ? `${frames} frames of ` : '';
  const notKept = lost.length > 0 ? ` (not kept: ${lost.join(', ')})` : '';
  const seconds = (ms / 1000).toFixed(1);
  process.stdout.write(
    `${subject.output}: ${times}${width}x${height} in ${seconds} s${notKept}${beyond(subject.model, stretched)}\n`,
  );
}

/** What is larger than the model makes it has no more detail than that. */
function beyond(model: string, stretched: number): string {
  if (stretched === 1) return '';
  return ` (beyond ${model}: the last ${Number(stretched.toPrecision(3))} times are interpolated)`;
}
