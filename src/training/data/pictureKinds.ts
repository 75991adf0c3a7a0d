/**
 * Where the kind of a photograph is read from: its name up to the first `-`, or the folder that it lies in; or each
 * is a kind of its own, named by its path, in the order of the list.
 */
export type KindsFrom = 'name_prefix' | 'folder' | 'photo' | 'none';

/** The kinds of a list of photographs. */
export interface PictureKinds {
  /** Each once, sorted; empty where photographs have none. */
  readonly names: readonly string[];
  /** Of each photograph, the place of its kind among the names; 0 where there are none. */
  readonly kindOf: readonly number[];
}

/**
 * Sorts photographs by what they show, as their paths say it: `budgie-01.jpg` is a `budgie` by its name, and
 * `birds/01.jpg` one of the `birds` by its folder.
 */
export function pictureKinds(photos: readonly string[], from: KindsFrom): PictureKinds {
  if (from === 'none') return { names: [], kindOf: photos.map(() => 0) };
  if (from === 'photo') return { names: photos, kindOf: photos.map((_, i) => i) };
  const kinds = photos.map(from === 'folder' ? folderName : namePrefix);
  const names = [...new Set(kinds)].sort();
  const places = new Map(names.map((name, i) => [name, i]));
  return { names, kindOf: kinds.map((kind) => places.get(kind) ?? 0) };
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
