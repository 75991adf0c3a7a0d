/** A photograph to learn from or to measure on. */
export interface PhotoFile {
  readonly path: string;
  /** Degrees clockwise that set it upright, besides what its own metadata says. */
  readonly turn: Turn;
}

export type Turn = 0 | 90 | 180 | 270;

/** Photographs that nothing is to be done to. */
export function uprightPhotos(paths: readonly string[]): PhotoFile[] {
  return paths.map((path) => ({ path, turn: 0 }));
}
