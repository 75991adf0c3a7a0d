/** How large a restored picture is to be. Without any of them it is as large as the network makes it. */
export interface OutputSizeOptions {
  /** Output pixels a side for one input pixel, such as 2 or 2.5. */
  readonly scale?: number;
  /** Pixels; the other side follows. With both, the picture fits within them. */
  readonly width?: number;
  readonly height?: number;
}

/** Smaller results would need more surroundings of every pixel than tiles have. */
const SMALLEST_SCALE = 1 / 4;

/**
 * The size of what a picture becomes, at least one pixel a side.
 * @throws RangeError for a scale together with sides, and for results that are far smaller than the picture.
 */
export function outputSize(
  picture: { readonly width: number; readonly height: number },
  networkScale: number,
  { scale, width, height }: OutputSizeOptions,
): { width: number; height: number } {
  const sides = width !== undefined || height !== undefined;
  if (scale !== undefined && sides) {
    throw new RangeError('expected either a scale or a width and height, got both');
  }
  const factor = sides
    ? Math.min((width ?? Infinity) / picture.width, (height ?? Infinity) / picture.height)
    : (scale ?? networkScale);
  if (!(factor >= SMALLEST_SCALE)) {
    throw new RangeError(
      `expected a result at least ${SMALLEST_SCALE} times as large as the picture, ` +
        `got ${Number(factor.toPrecision(3))} times`,
    );
  }
  const side = (length: number): number => Math.max(1, Math.round(length * factor));
  return { width: side(picture.width), height: side(picture.height) };
}
