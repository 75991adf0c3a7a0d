import { byId } from './dom.js';

export interface Divider {
  readonly element: HTMLElement;
  /** From 0 (all after) to 1 (all before). */
  readonly position: number;
  /** Limits the line to the height of the picture, in pixels of the stage. */
  span(top: number, bottom: number): void;
}

const STEP = 0.02;

/** The line between before and after: dragged, or moved by keys. */
export function createDivider(canvas: HTMLCanvasElement, onMove: () => void): Divider {
  const element = byId('divider', HTMLElement);
  let position = 0.5;
  const set = (next: number): void => {
    position = Math.min(1, Math.max(0, next));
    const percent = Math.round(position * 100);
    element.style.left = `${position * 100}%`;
    element.setAttribute('aria-valuenow', String(percent));
    element.setAttribute('aria-valuetext', `${percent} % before, ${100 - percent} % after`);
    onMove();
  };
  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId);
    event.preventDefault();
    element.focus({ preventScroll: true });
  });
  element.addEventListener('pointermove', (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    const { left, width } = canvas.getBoundingClientRect();
    set((event.clientX - left) / width);
  });
  const keys: Readonly<Record<string, () => number>> = {
    ArrowLeft: () => position - STEP,
    ArrowDown: () => position - STEP,
    ArrowRight: () => position + STEP,
    ArrowUp: () => position + STEP,
    PageDown: () => position - 5 * STEP,
    PageUp: () => position + 5 * STEP,
    Home: () => 0,
    End: () => 1,
  };
  element.addEventListener('keydown', (event) => {
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    set(keys[event.key]());
  });
  return {
    element,
    get position() {
      return position;
    },
    span(top, bottom) {
      element.style.top = `${top}px`;
      element.style.bottom = `calc(100% - ${bottom}px)`;
    },
  };
}
