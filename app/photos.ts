import type { Fraction, RestoredPhoto } from './protocol.js';

/** What was done to a photo, and to what effect. */
export interface Outcome extends RestoredPhoto {
  readonly model: string;
  readonly scale: number;
  readonly device: string;
  readonly fidelity?: number;
}

export type PhotoState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'working'; readonly fraction: Fraction }
  | { readonly kind: 'done' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly message: string };

/** A photo of the queue. */
export interface Photo {
  readonly id: number;
  readonly file: File;
  readonly width: number;
  readonly height: number;
  state: PhotoState;
  /** The last result; it stays when restoring again fails. */
  outcome: Outcome | null;
}

/** Whether restoring it with these settings would give something new. */
export function isPending(
  { state, outcome }: Photo,
  wanted: { readonly model: string; readonly scale: number; readonly fidelity?: number },
): boolean {
  if (state.kind === 'working') return false;
  if (!outcome || outcome.model !== wanted.model || outcome.scale !== wanted.scale) return true;
  return outcome.fidelity !== undefined && outcome.fidelity !== wanted.fidelity;
}

const endings: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

/** What the result is called: `harbour_x4.png`. */
export function outputName(
  { name }: { readonly name: string },
  scale: number,
  type: string,
): string {
  const stem = name.replace(/\.[^.]+$/, '') || 'photo';
  return `${stem}_x${scale}.${endings[type] ?? 'png'}`;
}

export function formatSize(width: number, height: number): string {
  return `${width.toLocaleString('en')} × ${height.toLocaleString('en')}`;
}

/** In words, for the film strip. */
export function describeState({ state, outcome }: Photo): string {
  switch (state.kind) {
    case 'waiting':
      return 'Waiting';
    case 'working': {
      const { done, total } = state.fraction;
      return total ? `${Math.round((100 * done) / total)} %` : 'Working';
    }
    case 'done':
      return outcome ? `×${outcome.scale} done` : 'Done';
    case 'cancelled':
      return 'Cancelled';
    case 'failed':
      return 'Failed';
  }
}
