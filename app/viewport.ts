// Which part of a picture the stage shows. Lengths of the stage are CSS pixels.

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Viewport {
  /** CSS pixels for one pixel of the picture. */
  readonly zoom: number;
  /** The point of the picture that is in the middle of the stage. */
  readonly x: number;
  readonly y: number;
}

const MARGIN = 24;
const LARGEST_ZOOM = 64;

/** The whole picture, no larger than its pixels. */
export function fit(picture: Size, stage: Size): Viewport {
  const zoom = Math.min(fittingZoom(picture, stage), 1);
  return { zoom, x: picture.width / 2, y: picture.height / 2 };
}

/** The whole picture, as large as the stage. */
export function fill(picture: Size, stage: Size): Viewport {
  const zoom = Math.min(stage.width / picture.width, stage.height / picture.height);
  return { zoom, x: picture.width / 2, y: picture.height / 2 };
}

function fittingZoom(picture: Size, stage: Size): number {
  const room = (side: number): number => Math.max(side - 2 * MARGIN, side / 2);
  return Math.min(room(stage.width) / picture.width, room(stage.height) / picture.height);
}

/** Zooms so that what is at a point of the stage stays there. */
export function zoomAt(
  viewport: Viewport,
  factor: number,
  point: { readonly x: number; readonly y: number },
  picture: Size,
  stage: Size,
): Viewport {
  const least = Math.min(fittingZoom(picture, stage) / 2, 0.5);
  const zoom = Math.min(LARGEST_ZOOM, Math.max(least, viewport.zoom * factor));
  const moved = 1 / viewport.zoom - 1 / zoom;
  const x = viewport.x + (point.x - stage.width / 2) * moved;
  const y = viewport.y + (point.y - stage.height / 2) * moved;
  return clamp({ zoom, x, y }, picture);
}

/** Moves the picture by CSS pixels. */
export function pan(viewport: Viewport, dx: number, dy: number, picture: Size): Viewport {
  const { zoom, x, y } = viewport;
  return clamp({ zoom, x: x - dx / zoom, y: y - dy / zoom }, picture);
}

/** Some of the picture is always in the middle. */
function clamp({ zoom, x, y }: Viewport, { width, height }: Size): Viewport {
  const within = (value: number, most: number): number => Math.min(most, Math.max(0, value));
  return { zoom, x: within(x, width), y: within(y, height) };
}

/** The same place in a picture of another size. */
export function rescaled(viewport: Viewport, from: Size, to: Size): Viewport {
  const ratio = to.width / from.width;
  return { zoom: viewport.zoom / ratio, x: viewport.x * ratio, y: viewport.y * ratio };
}

export interface Rectangle extends Size {
  readonly left: number;
  readonly top: number;
}

/** Where the picture lies on the stage. */
export function place({ zoom, x, y }: Viewport, picture: Size, stage: Size): Rectangle {
  return {
    left: stage.width / 2 - x * zoom,
    top: stage.height / 2 - y * zoom,
    width: picture.width * zoom,
    height: picture.height * zoom,
  };
}
