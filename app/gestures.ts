/** What a picture under fingers, a mouse or a wheel can do. */
export interface GestureActions {
  readonly zoom: (factor: number, point: { readonly x: number; readonly y: number }) => void;
  readonly move: (dx: number, dy: number) => void;
  /** Between the whole picture and its pixels. */
  readonly toggle: () => void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** One pointer moves, two zoom as well, a wheel zooms, a double click toggles. */
export function bindGestures(canvas: HTMLCanvasElement, actions: GestureActions): void {
  const pointers = new Map<number, Point>();
  const pointOf = (event: MouseEvent): Point => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, pointOf(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = spread([...pointers.values()]);
    pointers.set(event.pointerId, pointOf(event));
    const after = spread([...pointers.values()]);
    actions.move(after.x - before.x, after.y - before.y);
    if (before.distance > 0) actions.zoom(after.distance / before.distance, after);
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(end, ({ pointerId }) => pointers.delete(pointerId));
  }
  // Also where the divider or a label lies over it.
  (canvas.parentElement ?? canvas).addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      // A turn of a wheel is about 100; a pinch on a touchpad comes as small turns with ctrl.
      const speed = event.ctrlKey ? 0.01 : 0.0018;
      actions.zoom(Math.exp(-event.deltaY * speed), pointOf(event));
    },
    { passive: false },
  );
  canvas.addEventListener('dblclick', actions.toggle);
}

/** The middle of one or two points, and how far they are from each other. */
function spread(points: readonly Point[]): Point & { readonly distance: number } {
  const [a, b = a] = points;
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, distance: Math.hypot(a.x - b.x, a.y - b.y) };
}
