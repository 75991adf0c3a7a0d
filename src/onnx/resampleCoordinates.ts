// Where the elements of a resized axis come from, by the definitions of ONNX's Resize. Positions are
// rounded to float32 on the way, as runtimes do: next to an integer the rounding decides the row.

export interface AxisResize {
  readonly inLength: number;
  readonly length: number;
  /** Output over input, which need not be `length / inLength` exactly. */
  readonly scale: number;
  /** ONNX's coordinate_transformation_mode. */
  readonly coordinates: string;
}

/** How elements between the samples of an axis are computed. */
export interface Interpolation {
  readonly kind: 'linear' | 'cubic';
  /** The `a` of the cubic kernel. */
  readonly coefficient: number;
  /** Whether samples beyond the edges count nothing, instead of repeating the edge. */
  readonly excludesOutside: boolean;
  /** Whether the kernel is widened when an axis shrinks. */
  readonly antialias: boolean;
}

/** The position in the input of element `i` of the output. */
export function originalCoordinate(axis: AxisResize, i: number): number {
  const { inLength, length, scale, coordinates } = axis;
  const centered = (): number => Math.fround(Math.fround((i + 0.5) / scale) - 0.5);
  switch (coordinates) {
    case 'half_pixel':
      return centered();
    case 'half_pixel_symmetric': {
      const adjustment = length / (scale * inLength);
      return Math.fround((inLength / 2) * (1 - adjustment) + centered());
    }
    case 'pytorch_half_pixel':
      return length > 1 ? centered() : 0;
    case 'align_corners':
      return length > 1 ? Math.fround((i * (inLength - 1)) / (length - 1)) : 0;
    case 'asymmetric':
      return Math.fround(i / scale);
    case 'tf_half_pixel_for_nn':
      return Math.fround((i + 0.5) / scale);
    default:
      throw new Error(`coordinate_transformation_mode ${coordinates} is not supported`);
  }
}

/** The element of the input nearest to a position. */
export function nearestSource(rounding: string, axis: AxisResize, position: number): number {
  const nearest = roundTo(rounding, axis, position);
  return Math.min(Math.max(nearest, 0), axis.inLength - 1);
}

function roundTo(rounding: string, { scale }: AxisResize, position: number): number {
  switch (rounding) {
    case 'round_prefer_floor':
      return Math.ceil(position - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(position + 0.5);
    case 'floor':
      return Math.floor(position);
    case 'ceil':
      return Math.ceil(position);
    case 'simple':
      // What Resize and Upsample meant before they had a nearest_mode.
      return scale < 1 ? Math.ceil(position) : Math.floor(position);
    default:
      throw new Error(`nearest_mode ${rounding} is not supported`);
  }
}

/** The elements of the input that one at `position` is computed from, and their weights, which sum to 1. */
export function interpolationRow(
  interpolation: Interpolation,
  axis: AxisResize,
  position: number,
): { source: number; weight: number }[] {
  const { kind, antialias, excludesOutside } = interpolation;
  const last = axis.inLength - 1;
  const at = kind === 'linear' ? Math.min(Math.max(position, 0), last) : position;
  const shrinking = antialias ? Math.min(axis.scale, 1) : 1;
  const reach = (kind === 'linear' ? 1 : 2) / shrinking;
  const first = Math.floor(at - reach) + 1;
  const taps = Array.from({ length: Math.ceil(at + reach) - first }, (_, k) => {
    const source = first + k;
    return { source, weight: kernel(interpolation, (source - at) * shrinking) };
  });
  const isInside = ({ source }: { source: number }): boolean => source >= 0 && source <= last;
  const kept = excludesOutside ? taps.filter(isInside) : taps;
  const sum = kept.reduce((total, { weight }) => total + weight, 0);
  return kept.map(({ source, weight }) => ({
    source: Math.min(Math.max(source, 0), last),
    weight: weight / sum,
  }));
}

function kernel({ kind, coefficient: a }: Interpolation, distance: number): number {
  const x = Math.abs(distance);
  if (kind === 'linear') return Math.max(0, 1 - x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return a * (((x - 5) * x + 8) * x - 4);
  return 0;
}
