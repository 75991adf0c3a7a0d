// What is said of a photo and of what was made of it.
import { formatSize, type Outcome, type Photo } from './photos.js';
import type { Settings } from './settings.js';

export function targetSize(
  { width, height }: Photo,
  scale: number,
): { width: number; height: number } {
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

export function describeTarget(photo: Photo, scale: Settings['scale']): string {
  const { width, height } = targetSize(photo, scale);
  return `${formatSize(photo.width, photo.height)} becomes ${formatSize(width, height)} pixels`;
}

export function describePhoto({ file, outcome }: Photo): string {
  return outcome
    ? `${file.name}, before on the left and after on the right`
    : `${file.name}, not restored yet`;
}

export function describeOutcome({ outcome, state }: Photo): string {
  if (!outcome || state.kind === 'working') return '';
  const { width, height, ms } = outcome;
  return `${formatSize(width, height)} pixels in ${(ms / 1000).toFixed(1)} s`;
}

export function describeSaved(
  name: string,
  { kept, lost }: Pick<Outcome, 'kept' | 'lost'>,
  metadata: 'keep' | 'strip',
): string {
  const parts = [`Saved ${name}`];
  if (kept.length > 0) parts.push(`kept ${kept.join(', ')}`);
  if (lost.length > 0) parts.push(`not kept: ${lost.join(', ')}`);
  if (metadata === 'strip') parts.push('metadata left out');
  return `${parts.join('; ')}.`;
}
