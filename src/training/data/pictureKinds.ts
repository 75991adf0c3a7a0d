/**
 * Where the kind of a photograph is read from: its name up to the first `-`, the folder that it lies in, or the
 * `kinds.json` beside it; or each is a kind of its own, named by its path, in the order of the list.
 */
export type KindsFrom = 'name_prefix' | 'folder' | 'file' | 'photo' | 'none';

/** What a config may say of where kinds are read from. */
export const kindSources = ['name_prefix', 'folder', 'file', 'none'] as const;

/** What photographs show, as a `kinds.json` may say it. */
export const kindWords = [
  'person',
  'animal',
  'plant',
  'building',
  'interior',
  'food',
  'landscape',
  'water',
  'sky',
  'night',
  'vehicle',
  'object',
  'texture',
  'text',
] as const;

/** The kinds of a list of photographs. */
export interface PictureKinds {
  /** Each once, sorted; empty where photographs have none. A photograph of which none is said has the kind `""`. */
  readonly names: readonly string[];
  /** Of each photograph, the place of its kind among the names; 0 where there are none. */
  readonly kindOf: readonly number[];
}

/** Sorts photographs by their labels, one a photograph. */
export function sortKinds(labels: readonly string[]): PictureKinds {
  const names = [...new Set(labels)].sort();
  const places = new Map(names.map((name, i) => [name, i]));
  return { names, kindOf: labels.map((label) => places.get(label) ?? 0) };
}

/**
 * Sorts photographs by what they show, as their paths say it: `budgie-01.jpg` is a `budgie` by its name, and
 * `birds/01.jpg` one of the `birds` by its folder. `readPictureKinds` knows files of labels too.
 */
export function pictureKinds(
  photos: readonly string[],
  from: Exclude<KindsFrom, 'file'>,
): PictureKinds {
  if (from === 'none') return { names: [], kindOf: photos.map(() => 0) };
  if (from === 'photo') return { names: photos, kindOf: photos.map((_, i) => i) };
  return sortKinds(photos.map(from === 'folder' ? folderName : namePrefix));
}

function parts(path: string): string[] {
  return path.split(/[/\\]/).filter((part) => part !== '');
}

function folderName(path: string): string {
  return parts(path).at(-2) ?? '';
}

/** A name without a `-` is a kind of its own, without its ending. */
function namePrefix(path: string): string {
  const name = parts(path).at(-1) ?? '';
  return name.replace(/\.[^.]*$/, '').split('-')[0];
}
