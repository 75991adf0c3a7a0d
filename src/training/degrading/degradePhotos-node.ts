import { stat } from 'node:fs/promises';
import { basename, join, parse } from 'node:path';
import { sharpCodec } from '../../image/degradations/codec-node.js';
import {
  cropImage,
  degradePair,
  imresize,
  quantizeImage,
  type Degradation,
  type DrawnStep,
  type Image,
} from '../../image/index.js';
import { ImageFileError, readImage, writeImage } from '../../image/sharp-node.js';
import { Random } from '../../tensor/index.js';
import { makeFolder } from '../../weights/makeFolder-node.js';

export interface DegradePhotosOptions {
  readonly degradation: Degradation;
  /** Sides of the good picture for one of the degraded one's. */
  readonly scale: number;
  readonly seed: number;
  /** Pairs of each photograph. */
  readonly number: number;
  /** Pairs that are there already, by name, are left as they are. */
  readonly done?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/** A pair of pictures that was made. */
export interface DegradedPhoto {
  readonly photo: string;
  /** Of both files, without ending. */
  readonly name: string;
  readonly hr: string;
  readonly lq: string;
  /** Of the degraded picture. */
  readonly width: number;
  readonly height: number;
  /** What was done to it, with every number that was drawn. */
  readonly steps: readonly DrawnStep[];
  /** The pictures themselves. */
  readonly pair: { readonly sample: Image; readonly target: Image };
}

/** A photograph of which no pair could be made. */
export interface UndegradedPhoto {
  readonly photo: string;
  readonly name: string;
  readonly reason: string;
}

/** A pair that is to be made. */
export interface PlannedPair {
  readonly photo: string;
  readonly name: string;
  /** Of the stream of random numbers: pairs do not depend on which others are made. */
  readonly index: number;
}

/** The pairs of photographs; those of equal names in different folders are told apart by a number. */
export function planPairs(photos: readonly string[], number: number): PlannedPair[] {
  const taken = new Map<string, number>();
  return photos.flatMap((photo, i) => {
    const plain = parse(basename(photo)).name;
    const times = (taken.get(plain.toLowerCase()) ?? 0) + 1;
    taken.set(plain.toLowerCase(), times);
    const base = times === 1 ? plain : `${plain}~${times}`;
    const digits = String(number).length;
    return Array.from({ length: number }, (_, j) => ({
      photo,
      name: number === 1 ? base : `${base}-${String(j + 1).padStart(digits, '0')}`,
      index: i * number + j,
    }));
  });
}

/**
 * Degrades photographs to pairs of PNG files of equal names in `output/HR` and `output/LQ`: what `evaluatePairs` takes. A
 * pair is a function of the photograph, its place in the list, the seed and the options.
 * @throws ImageFileError or WeightsError where the output cannot be written; photographs that cannot be read are reported.
 */
export async function* degradePhotos(
  photos: readonly string[],
  output: string,
  options: DegradePhotosOptions,
): AsyncGenerator<DegradedPhoto | UndegradedPhoto> {
  const folders = { hr: join(output, 'HR'), lq: join(output, 'LQ') };
  for (const folder of Object.values(folders)) await makeFolder(folder);
  let [read, image]: [string | null, Image | string] = [null, ''];
  for (const planned of planPairs(photos, options.number)) {
    if (options.done?.has(planned.name)) continue;
    options.signal?.throwIfAborted();
    const { photo, name } = planned;
    if (read !== photo) [read, image] = [photo, await readGood(photo, options.scale)];
    if (typeof image === 'string') {
      yield { photo, name, reason: image };
      continue;
    }
    yield await degradeOne(image, planned, folders, options);
  }
}

/** The photograph without what is beyond a multiple of the scale, or why there is none. */
async function readGood(path: string, scale: number): Promise<Image | string> {
  try {
    const image = await readImage(path);
    const [width, height] = [image.width, image.height].map((side) => side - (side % scale));
    if (Math.min(width, height) < 8 * scale) {
      const wanted = `at least ${8 * scale}x${8 * scale} pixels at scale ${scale}`;
      return `${path}: expected ${wanted}, got ${image.width}x${image.height}`;
    }
    return cropImage(image, 0, 0, width, height);
  } catch (error) {
    if (error instanceof ImageFileError) return error.message;
    throw error;
  }
}

async function degradeOne(
  image: Image,
  { photo, name, index }: PlannedPair,
  folders: { readonly hr: string; readonly lq: string },
  { degradation, scale, seed, signal }: DegradePhotosOptions,
): Promise<DegradedPhoto> {
  const random = Random.seeded(seed, index);
  const made = await degradePair(image, degradation, random, { scale, codec: sharpCodec });
  signal?.throwIfAborted();
  const [width, height] = [image.width / scale, image.height / scale];
  // As in training: what leaves the size free ends at the task's.
  const fits = made.sample.width === width && made.sample.height === height;
  const sample = quantizeImage(fits ? made.sample : imresize(made.sample, { width, height }));
  const target = quantizeImage(made.target);
  const [hr, lq] = [folders.hr, folders.lq].map((folder) => join(folder, `${name}.png`));
  await writeImage(hr, target);
  await writeImage(lq, sample);
  return { photo, name, hr, lq, width, height, steps: made.steps, pair: { sample, target } };
}

/** Whether both pictures of a pair are there. */
export async function hasPair(output: string, name: string): Promise<boolean> {
  const files = ['HR', 'LQ'].map((folder) => join(output, folder, `${name}.png`));
  const found = await Promise.all(files.map((file) => stat(file).catch(() => null)));
  return found.every((file) => file !== null);
}
