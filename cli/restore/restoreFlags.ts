import type { ImageFormat, RestoreFileOptions } from '../../src/restoring-node.js';
import { UsageError } from '../terminal/failures.js';
import type { ModelFlags } from '../terminal/model.js';

export interface RestoreFlags extends ModelFlags {
  readonly output?: string;
  readonly width?: number;
  readonly height?: number;
  readonly format?: string;
  readonly tile?: number;
  readonly maxMemory?: number;
  readonly quality?: number;
  readonly stripMetadata: boolean;
  readonly recursive: boolean;
  readonly jobs: number;
  readonly report?: string;
  readonly overwrite: boolean;
  readonly json: boolean;
}

/** What the flags say about each file. */
export function fileOptions(flags: RestoreFlags): Omit<RestoreFileOptions, 'onProgress'> {
  const { scale, width, height, tile, maxMemory, quality, fidelity } = flags;
  if (scale !== undefined && (width !== undefined || height !== undefined)) {
    throw new UsageError('expected either -s or --width and --height, got both');
  }
  return {
    metadata: flags.stripMetadata ? 'strip' : 'keep',
    ...(scale !== undefined && { scale }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(tile !== undefined && { tile }),
    ...(maxMemory !== undefined && { maxMemory }),
    ...(quality !== undefined && { quality }),
    ...(fidelity !== undefined && { fidelity }),
  };
}

const formats: readonly ImageFormat[] = ['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'];

/** The format asked for, by its name or its usual ending. */
export function askedFormat({ format }: RestoreFlags): ImageFormat | undefined {
  if (format === undefined) return undefined;
  const name = format
    .toLowerCase()
    .replace(/^\./, '')
    .replace(/^jpg$/, 'jpeg')
    .replace(/^tif$/, 'tiff');
  const found = formats.find((one) => one === name);
  if (found) return found;
  throw new UsageError(`expected one of the formats ${formats.join(', ')}, got ${format}`);
}
