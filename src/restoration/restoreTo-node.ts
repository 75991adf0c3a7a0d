import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { checkOutput, photoFormatOf } from '../image/outputFile-node.js';
import type { PhotoFormatName } from '../image/photoFormats.js';
import type { Photo } from '../image/photo-node.js';
import { openPhoto } from '../image/photoReader-node.js';
import { createWorkFolder } from '../image/workFolder-node.js';
import { unlessAborted } from '../runtime/queue.js';
import {
  planPhoto,
  writableFormat,
  type PhotoRestorer,
  type RestoreFileOptions,
} from './photoPlan-node.js';
import { restorePhoto, type RestoredFile } from './restorePhoto-node.js';

export interface RestoredBytes extends RestoredFile {
  readonly bytes: Uint8Array;
}

/** A result that lies in a temporary file, which is removed when it is disposed of. */
export interface RestoredStream extends RestoredFile, AsyncDisposable {
  /** Bytes of the file. */
  readonly size: number;
  /** The file from its beginning, each time it is called. */
  stream(): Readable;
}

/** An image file by its path, or its bytes, all at once or as a stream gives them. */
export type PhotoSource = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Restores an image file to a file at `output`, which appears when all of it is there. */
export async function restoreToFile(
  photoRestorer: PhotoRestorer,
  source: PhotoSource,
  output: string,
  options: RestoreFileOptions,
): Promise<RestoredFile> {
  await checkOutput(output);
  const format = photoFormatOf(output);
  const photo = await open(source, options);
  const plan = planPhoto(photoRestorer, photo, format, output, options);
  await using folder = await createWorkFolder(dirname(output));
  const restored = await restorePhoto(photoRestorer, photo, plan, folder, options);
  options.signal?.throwIfAborted();
  await folder.publish('encoded', output);
  return restored;
}

/** Restores an image file to the bytes of another. */
export async function restoreToBytes(
  photoRestorer: PhotoRestorer,
  source: PhotoSource,
  format: PhotoFormatName,
  options: RestoreFileOptions,
): Promise<RestoredBytes> {
  const photo = await open(source, options);
  const name = `image.${format}`;
  const plan = planPhoto(photoRestorer, photo, writableFormat(format), name, options);
  await using folder = await createWorkFolder(tmpdir());
  const restored = await restorePhoto(photoRestorer, photo, plan, folder, options);
  return { ...restored, bytes: await readFile(folder.path('encoded')) };
}

/** Restores an image file to another that need not fit into memory. */
export async function restoreToStream(
  photoRestorer: PhotoRestorer,
  source: PhotoSource,
  format: PhotoFormatName,
  options: RestoreFileOptions,
): Promise<RestoredStream> {
  const photo = await open(source, options);
  const name = `image.${format}`;
  const plan = planPhoto(photoRestorer, photo, writableFormat(format), name, options);
  const folder = await createWorkFolder(tmpdir());
  try {
    const restored = await restorePhoto(photoRestorer, photo, plan, folder, options);
    const path = folder.path('encoded');
    const { size } = await stat(path);
    await folder.keepOnly('encoded');
    return {
      ...restored,
      size,
      // Told where the file ends, it ends with the last byte: who has all bytes of an answer may hang up at once.
      stream: () => createReadStream(path, { end: size - 1 }),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

async function open(
  source: PhotoSource,
  { maxPixels, signal }: RestoreFileOptions,
): Promise<Photo> {
  const given = typeof source === 'string' || source instanceof Uint8Array;
  const limit = maxPixels === undefined ? {} : { maxPixels };
  return openPhoto(given ? source : await unlessAborted(collect(source, signal), signal), limit);
}

async function collect(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    all.push(chunk);
  }
  return Buffer.concat(all);
}
