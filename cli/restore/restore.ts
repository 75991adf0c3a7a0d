import { statSync } from 'node:fs';
import type { Command } from 'commander';
import {
  parseBytes,
  parseCount,
  parseFactor,
  parseNumber,
  parseQuality,
  parseTile,
} from '../terminal/arguments.js';
import { UsageError } from '../terminal/failures.js';
import { interruptible } from '../terminal/interrupt.js';
import { addModelOptions, describeTasks } from '../terminal/modelOptions.js';
import type { RestoreFlags } from './restoreFlags.js';

export function defineRestore(command: Command): void {
  command
    .argument(
      '[photo...]',
      'image files (JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP), or folders of them',
    )
    .option(
      '-o, --output <path>',
      'file or folder to write to (default: beside the photo, as PHOTO_x4.EXT)',
    );
  addModelOptions(
    command,
    "a model's folder or name, or a community upscaler's file: .onnx, .pth, .safetensors (default: the best for the task)",
  )
    .option('-s, --scale <n>', 'output pixels a side for one input pixel, such as 2.5', parseFactor)
    .option('--width <n>', 'width of the result in pixels; the height follows', parseCount)
    .option(
      '--height <n>',
      'height of the result in pixels; with both, the result fits within',
      parseCount,
    )
    .option('-f, --format <name>', 'png, jpeg, webp, avif, tiff or gif (default: as the photo)')
    .option(
      '--noise-level <sigma>',
      'what FDnCNN and FFDNet are told, 0 to 255 (default: 15)',
      parseNumber,
    )
    .option('--tile <n|auto>', 'longest side computed at once, in input pixels', parseTile)
    .option('--max-memory <size>', 'such as 2GB (default: what is free)', parseBytes)
    .option('--quality <n>', '1 to 100, for JPEG, WebP and AVIF (default: 95)', parseQuality)
    .option('--strip-metadata', 'leave EXIF, XMP, IPTC and comments out', false)
    .option('-r, --recursive', 'go into folders inside folders', false)
    .option('-j, --jobs <n>', 'photos of a folder in work at a time', parseCount, 1)
    .option('--report <file>', 'JSON report of a folder (default: nanosd-report.json in it)')
    .option('--overwrite', 'replace the photo itself, or results that are there', false)
    .option('--json', 'print the outcome as JSON', false)
    .action(async (photos: string[], flags: RestoreFlags) => {
      if (flags.task === true) process.stdout.write(describeTasks());
      else await interruptible((signal) => restore(photos, flags, signal));
    });
}

async function restore(
  photos: readonly string[],
  flags: RestoreFlags,
  signal: AbortSignal,
): Promise<void> {
  if (photos.length === 0) throw new UsageError("missing required argument 'photo'");
  if (isBatch(photos, flags)) {
    const { restoreFolder } = await import('./restoreFolder.js');
    return restoreFolder(photos, flags, signal);
  }
  const { restorePhoto } = await import('./restorePhoto.js');
  return restorePhoto(photos[0], flags, signal);
}

function isBatch(photos: readonly string[], { output }: RestoreFlags): boolean {
  const folder = photos.find(isFolder);
  if (photos.length === 1 && folder === undefined && !namesFolder(output)) return false;
  const several = folder ?? (photos.length > 1 ? `${photos.length} photos` : photos[0]);
  if (output === undefined) {
    throw new UsageError(`${several}: expected -o, the folder to write to`);
  }
  if (pictureName.test(output) && !isFolder(output)) {
    throw new UsageError(`${several}: expected a folder to restore to, got ${output}`);
  }
  return true;
}

const pictureName = /\.(png|jpe?g|jfif|webp|avif|tiff?|gif|bmp|hei[cf])$/i;

/** As one photo that a pattern matches is to go where several would. */
function namesFolder(output: string | undefined): boolean {
  if (output === undefined) return false;
  return /[/\\]$/.test(output) || (isFolder(output) && !pictureName.test(output));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // What is wrong with it is said by whoever opens it.
    return false;
  }
}
