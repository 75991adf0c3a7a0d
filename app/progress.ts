import { byId } from './dom.js';
import type { PhotoState } from './photos.js';

/** Shows how far the photo on the stage is. */
export function showProgress(state: PhotoState | null): void {
  const working = byId('working', HTMLElement);
  working.hidden = state?.kind !== 'working';
  if (state?.kind !== 'working') return;
  const { done, total } = state.fraction;
  const bar = byId('progress', HTMLProgressElement);
  const text = byId('progress-text', HTMLElement);
  if (total === undefined) {
    bar.removeAttribute('value');
    text.textContent = 'Preparing';
  } else {
    bar.max = total;
    bar.value = done;
    text.textContent = done === total ? 'Writing' : `${done} of ${total} tiles`;
  }
}
