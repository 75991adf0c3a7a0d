import type { WriteStream } from 'node:tty';
import type { PhotoJob, PhotoOutcome } from '../../src/restoring-node.js';
import { createDrawing, formatSeconds, shortened } from '../terminal/progress.js';

/** How far a folder is: photos count by the size of their files. */
export interface FolderProgress {
  update(job: PhotoJob, part: number): void;
  finish(outcome: PhotoOutcome): void;
  clear(): void;
}

/** A line over all photos of a folder, on a terminal. */
export function createFolderProgress(
  photos: readonly PhotoJob[],
  stream: WriteStream = process.stderr,
): FolderProgress {
  const drawing = createDrawing(stream);
  const state = { photos: photos.length, finished: 0, failed: 0, computed: 0, left: 0 };
  state.left = photos.reduce((sum, { size }) => sum + size, 0);
  const parts = new Map<PhotoJob, number>();
  let label = '';
  const draw = (isLast: boolean): void => {
    let inWork = 0;
    for (const [{ size }, part] of parts) inWork += part * size;
    const now = { ...state, computed: state.computed + inWork, left: state.left - inWork };
    drawing.draw((width, seconds) => folderText(now, label, seconds, width), isLast);
  };
  return {
    update(job, part) {
      parts.set(job, part);
      label = job.input;
      draw(false);
    },
    finish({ status, input, size }) {
      for (const job of parts.keys()) if (job.input === input) parts.delete(job);
      state.finished++;
      state.left -= size;
      if (status === 'restored') state.computed += size;
      if (status === 'failed') state.failed++;
      draw(state.finished === state.photos);
    },
    clear: () => drawing.clear(),
  };
}

/** What is drawn; `computed` and `left` are bytes of photos. */
export interface FolderState {
  readonly photos: number;
  readonly finished: number;
  readonly failed: number;
  readonly computed: number;
  readonly left: number;
}

/** `photos/a.jpg  12/300  2 failed  4 %  0:41 left`, of at most `width` columns. */
export function folderText(
  { photos, finished, failed, computed, left }: FolderState,
  label: string,
  elapsedSeconds: number,
  width: number,
): string {
  const parts = [`${finished}/${photos}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (computed + left > 0) parts.push(`${Math.floor((100 * computed) / (computed + left))} %`);
  if (computed > 0) parts.push(`${formatSeconds((elapsedSeconds / computed) * left)} left`);
  const numbers = `  ${parts.join('  ')}`;
  return `${shortened(label, width - numbers.length)}${numbers}`.slice(0, width);
}
