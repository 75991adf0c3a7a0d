import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, join, parse, relative, sep } from 'node:path';
import { photoFormats, type PhotoFormatName } from '../image/photoFormats.js';
import { ImageFileError } from '../image/sharp-node.js';

/** One photo of a folder, and the file that it becomes. */
export interface PhotoJob {
  readonly input: string;
  readonly output: string;
  /** Bytes of the photo, which is about what it costs. */
  readonly size: number;
  /** Why it cannot be restored, where that is known already. */
  readonly problem?: string;
}

export interface PhotoTreeOptions {
  /** Whether to go into folders inside folders. */
  readonly recursive: boolean;
  /** What to write; by default each photo's own format, and PNG where that cannot be written. */
  readonly format?: PhotoFormatName;
}

/** What counts as a photo. */
const photoName = /\.(png|jpe?g|jfif|webp|avif|tiff?|bmp|gif|heic|heif|hif)$/i;

/**
 * The photos of files and folders in the order of their names, each with its place below `output`, where the
 * folders are as they were. Hidden files, links to folders, and `output` itself, are left out.
 * @throws ImageFileError when a path is missing, or there is no photo at all.
 */
export async function planPhotoTree(
  inputs: readonly string[],
  output: string,
  options: PhotoTreeOptions,
): Promise<PhotoJob[]> {
  const found: (Found & { readonly place: string })[] = [];
  // By whatever name it is reached: what it holds are results.
  const without = await realpath(output).catch(() => undefined);
  for (const input of inputs) {
    const kind = await stat(input).catch((error: unknown) => {
      throw new ImageFileError(`${input}: no such file or directory`, { cause: error });
    });
    if (!kind.isDirectory()) {
      found.push({ input, place: basename(input) });
      continue;
    }
    const real = await realpath(input);
    if (real === without) {
      throw new ImageFileError(`${output}: expected another folder than that of the photos`);
    }
    const photos = await listPhotos(input, real, { without, recursive: options.recursive });
    for (const photo of photos) found.push({ ...photo, place: relative(input, photo.input) });
  }
  if (found.length === 0)
    throw new ImageFileError(`${inputs.join(', ')}: expected photos, got none`);
  const places = outputPlaces(
    found.map(({ place }) => place),
    options.format,
  );
  return Promise.all(
    found.map(async ({ place: _place, ...photo }, i) => {
      const size = await stat(photo.input).then(
        (file) => file.size,
        () => 0,
      );
      return { ...photo, output: join(output, places[i]), size };
    }),
  );
}

interface ListOptions {
  /** The real path of a folder that is left out. */
  readonly without: string | undefined;
  readonly recursive: boolean;
}

type Found = Pick<PhotoJob, 'input' | 'problem'>;

/** The photos of a folder whose real path is `real`. */
async function listPhotos(folder: string, real: string, options: ListOptions): Promise<Found[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new ImageFileError(`${folder}: cannot be read`, { cause: error });
  });
  const photos: Found[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const input = join(folder, entry.name);
    const realPath = join(real, entry.name);
    if (entry.name.startsWith('.') || realPath === options.without) continue;
    if (entry.isDirectory()) {
      if (!options.recursive) continue;
      // One by one: as arguments of one call, a hundred thousand are too many.
      for (const photo of await listBelow(input, realPath, options)) photos.push(photo);
    } else if (photoName.test(entry.name)) photos.push({ input });
  }
  return photos;
}

/** The photos of a folder inside another. One that cannot be read, as `lost+found` of a disk, stops none of the others. */
async function listBelow(folder: string, real: string, options: ListOptions): Promise<Found[]> {
  try {
    return await listPhotos(folder, real, options);
  } catch (error) {
    if (!(error instanceof ImageFileError)) throw error;
    return [{ input: folder, problem: 'the folder cannot be read' }];
  }
}

/** Where two photos would become one file, as `a.bmp` and `a.png` do, both keep their whole name. */
function outputPlaces(places: readonly string[], format: PhotoFormatName | undefined): string[] {
  const renamed = places.map((place) => withEnding(place, format));
  const count = new Map<string, number>();
  for (const place of renamed) count.set(place, (count.get(place) ?? 0) + 1);
  const unique = renamed.map((place, i) => {
    const ending = extname(place);
    return (count.get(place) ?? 0) > 1 && extname(places[i]) !== ending
      ? `${places[i]}${ending}`
      : place;
  });
  checkDifferent(unique);
  return unique;
}

function checkDifferent(places: readonly string[]): void {
  const seen = new Set<string>();
  for (const place of places) {
    if (seen.has(place)) {
      throw new ImageFileError(`${place}: expected one photo of this name, got several`);
    }
    seen.add(place);
  }
}

function withEnding(place: string, format: PhotoFormatName | undefined): string {
  const { dir, name, ext } = parse(place);
  const own = photoFormats[ext.toLowerCase()];
  const keepsOwn = own && (format === undefined || own.name === format);
  return `${dir ? `${dir}${sep}` : ''}${name}${keepsOwn ? ext : endingOf(format ?? 'png')}`;
}

/** How files of a format are usually named. */
export function endingOf(format: PhotoFormatName): string {
  const usual: Readonly<Partial<Record<PhotoFormatName, string>>> = { jpeg: '.jpg', tiff: '.tif' };
  return usual[format] ?? `.${format}`;
}
