// Two pictures on one canvas, before on the left of a divider and after on its right.
import { createDivider, type Divider } from './divider.js';
import { byId } from './dom.js';
import { bindGestures } from './gestures.js';
import {
  fill,
  fit,
  pan,
  place,
  rescaled,
  zoomAt,
  type Rectangle,
  type Size,
  type Viewport,
} from './viewport.js';

/** What is compared. Both fill the same place, of `size`, whatever their own pixels. */
export interface Pictures {
  readonly before: ImageBitmap;
  readonly after: ImageBitmap | null;
  /** In pixels of the result, also while there is none. */
  readonly size: Size;
}

export type Placement = 'fit' | 'fill' | 'stay';

export interface Comparison {
  /** Shows pictures, which it closes in the end, as a whole, or at the present place where they follow on what is shown. */
  show(pictures: Pictures, placement: Placement): void;
  clear(): void;
}

/** Beyond this many screen pixels for one of its own, a picture shows its pixels as squares. */
const SQUARE_PIXELS = 10;
const GRIP_ROOM = 60;
const ZOOM_STEP = 1.4;

export function createComparison(): Comparison {
  const canvas = byId('canvas', HTMLCanvasElement);
  const zoomText = byId('zoom-text', HTMLOutputElement);
  let shown: Pictures | null = null;
  let viewport: Viewport = { zoom: 1, x: 0, y: 0 };
  let scheduled = false;
  const stage = (): Size => ({ width: canvas.clientWidth, height: canvas.clientHeight });
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw(canvas, shown, viewport, divider.position);
      if (shown) spanPicture(divider, place(viewport, shown.size, stage()), stage());
      zoomText.value = `${Math.round(viewport.zoom * devicePixelRatio * 100)} %`;
    });
  };
  const divider = createDivider(canvas, schedule);
  const look = (next: Viewport): void => {
    viewport = next;
    schedule();
  };
  const middle = (): { x: number; y: number } => {
    const { width, height } = stage();
    return { x: width / 2, y: height / 2 };
  };
  const zoom = (factor: number, point = middle()): void => {
    if (shown) look(zoomAt(viewport, factor, point, shown.size, stage()));
  };
  const showFit = (): void => {
    if (shown) look(fit(shown.size, stage()));
  };
  const showPixels = (): void => zoom(1 / devicePixelRatio / viewport.zoom);
  const move = (dx: number, dy: number): void => {
    if (shown) look(pan(viewport, dx, dy, shown.size));
  };

  bindGestures(canvas, {
    zoom,
    move,
    toggle: () => (viewport.zoom < 0.99 ? showPixels() : showFit()),
  });
  bindKeys(canvas, { zoom, move, showFit, showPixels });
  bindTools({ zoom, showFit, showPixels });
  new ResizeObserver(schedule).observe(canvas);

  return {
    show(pictures, placement) {
      const previous = shown;
      shown = pictures;
      divider.element.hidden = pictures.after === null;
      setTags(pictures.after !== null);
      if (placement === 'fill') look(fill(pictures.size, stage()));
      else if (placement === 'fit' || !previous) showFit();
      else look(rescaled(viewport, previous.size, pictures.size));
      // A camera shows many a second, and they lie outside of what is collected soon. A closed one has no size any more.
      close(previous);
    },
    clear() {
      close(shown);
      shown = null;
      schedule();
    },
  };
}

function close(pictures: Pictures | null): void {
  pictures?.before.close();
  pictures?.after?.close();
}

/** At least the height of the grip, wherever the picture has been moved to. */
function spanPicture(divider: Divider, { top, height }: Rectangle, stage: Size): void {
  const from = Math.min(Math.max(0, top), stage.height - GRIP_ROOM);
  divider.span(from, Math.max(from + GRIP_ROOM, Math.min(stage.height, top + height)));
}

function setTags(hasAfter: boolean): void {
  byId('tag-before', HTMLElement).hidden = !hasAfter;
  byId('tag-after', HTMLElement).hidden = !hasAfter;
}

interface Moves {
  readonly zoom: (factor: number) => void;
  readonly move: (dx: number, dy: number) => void;
  readonly showFit: () => void;
  readonly showPixels: () => void;
}

function bindKeys(canvas: HTMLCanvasElement, { zoom, move, showFit, showPixels }: Moves): void {
  const step = 60;
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => zoom(ZOOM_STEP),
    '=': () => zoom(ZOOM_STEP),
    '-': () => zoom(1 / ZOOM_STEP),
    0: showFit,
    1: showPixels,
    ArrowLeft: () => move(step, 0),
    ArrowRight: () => move(-step, 0),
    ArrowUp: () => move(0, step),
    ArrowDown: () => move(0, -step),
  };
  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function bindTools({ zoom, showFit, showPixels }: Omit<Moves, 'move'>): void {
  const press = (id: string, action: () => void): void =>
    byId(id, HTMLButtonElement).addEventListener('click', action);
  press('zoom-in', () => zoom(ZOOM_STEP));
  press('zoom-out', () => zoom(1 / ZOOM_STEP));
  press('zoom-fit', showFit);
  press('zoom-pixels', showPixels);
}

function draw(
  canvas: HTMLCanvasElement,
  shown: Pictures | null,
  viewport: Viewport,
  position: number,
): void {
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (!context || !shown) return;
  context.scale(ratio, ratio);
  const at = place(viewport, shown.size, { width, height });
  const split = shown.after ? position * width : width;
  drawPart(context, shown.before, at, { left: 0, top: 0, width: split, height });
  if (shown.after) {
    drawPart(context, shown.after, at, { left: split, top: 0, width: width - split, height });
  }
}

/** Draws the part of a picture placed `at` that lies within `clip`, and no more of it: it may be large. */
function drawPart(
  context: CanvasRenderingContext2D,
  bitmap: ImageBitmap,
  at: Rectangle,
  clip: Rectangle,
): void {
  const left = Math.max(at.left, clip.left);
  const top = Math.max(at.top, clip.top);
  const width = Math.min(at.left + at.width, clip.left + clip.width) - left;
  const height = Math.min(at.top + at.height, clip.top + clip.height) - top;
  if (width <= 0 || height <= 0) return;
  const perPixel = at.width / bitmap.width;
  context.imageSmoothingEnabled = perPixel * devicePixelRatio < SQUARE_PIXELS;
  context.imageSmoothingQuality = perPixel < 1 ? 'medium' : 'high';
  context.drawImage(
    bitmap,
    (left - at.left) / perPixel,
    (top - at.top) / perPixel,
    width / perPixel,
    height / perPixel,
    left,
    top,
    width,
    height,
  );
}
