import { join, parse } from 'node:path';
import {
  cropImage,
  degradePair,
  quantizeImage,
  type Degradation,
  type Image,
} from '../../image/index.js';
import { sharpCodec } from '../../image/degradations/codec-node.js';
import { listImages, type ImagePair } from '../../image/imagePairs-node.js';
import { ImageFileError, readImage } from '../../image/sharp-node.js';
import { Random } from '../../tensor/index.js';

/** A picture to restore and, where there is one, the good picture that it is to become. */
export interface SubjectPictures {
  readonly poor: Image;
  readonly reference?: Image;
}

export interface Subject {
  /** The file's name without its ending. */
  readonly name: string;
  /** The file that errors name. */
  readonly path: string;
  /** @throws ImageFileError naming the files that cannot be read or do not belong together. */
  load(): Promise<SubjectPictures>;
}

/**
 * Poor pictures and their originals, `scale` times as large. An original whose sides are no multiples of the scale may
 * differ by the remainder.
 */
export function pairedSubjects(pairs: readonly ImagePair[], scale: number): Subject[] {
  return pairs.map(({ name, hr, lr }) => ({
    name,
    path: hr,
    async load() {
      const [reference, poor] = [await readImage(hr), await readImage(lr)];
      requireScale([hr, reference], [lr, poor], scale);
      return { poor, reference };
    },
  }));
}

export interface DegradedOptions {
  readonly degradation: Degradation;
  readonly scale: number;
  /** What all that is drawn follows from, with the place of the picture in the order of names. */
  readonly seed: number;
}

/**
 * The pictures of a folder, degraded on the fly and rounded to the 8 bits of a file, and what they are to be restored to.
 * @throws ImageFileError when the folder holds no pictures.
 */
export async function degradedSubjects(
  folder: string,
  { degradation, scale, seed }: DegradedOptions,
): Promise<Subject[]> {
  const names = await listImages(folder);
  return names.map((file, i) => {
    const path = join(folder, file);
    return {
      name: parse(file).name,
      path,
      async load() {
        const image = wholeCells(await readImage(path), scale);
        const options = { scale, codec: sharpCodec };
        const random = Random.seeded(seed, i);
        const { sample, target } = await degradePair(image, degradation, random, options);
        const poor = quantizeImage(sample);
        requireScale([path, target], ['its degradation', poor], scale);
        return { poor, reference: target };
      },
    };
  });
}

/**
 * Pictures of a folder whose originals nobody has.
 * @throws ImageFileError when the folder holds no pictures.
 */
export async function loneSubjects(folder: string): Promise<Subject[]> {
  const names = await listImages(folder);
  return names.map((file) => ({
    name: parse(file).name,
    path: join(folder, file),
    load: async () => ({ poor: await readImage(join(folder, file)) }),
  }));
}

function wholeCells(image: Image, scale: number): Image {
  const [width, height] = [image.width, image.height].map((side) => side - (side % scale));
  return width === image.width && height === image.height
    ? image
    : cropImage(image, 0, 0, width, height);
}

type NamedImage = readonly [path: string, image: Image];

function requireScale([hr, good]: NamedImage, [lr, poor]: NamedImage, scale: number): void {
  const fits = (large: number, small: number): boolean => Math.abs(large - small * scale) < scale;
  if (fits(good.width, poor.width) && fits(good.height, poor.height)) return;
  throw new ImageFileError(
    `${hr}: expected ${scale === 1 ? 'the' : `${scale} times the`} ${poor.width}x${poor.height} pixels of ${lr}, ` +
      `got ${good.width}x${good.height}`,
  );
}
