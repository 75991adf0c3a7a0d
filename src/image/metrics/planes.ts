import { studioLuma } from '../colour.js';
import { cropBorder } from '../geometry.js';
import { channelPlane, type Image } from '../image.js';

/** What a metric compares: every channel, or BT.601 studio-range luma. */
export type MetricChannels = 'rgb' | 'y';

export interface MetricOptions {
  /** `rgb` unless given. */
  readonly channels?: MetricChannels;
  /** Pixels left out on each side; 0 unless given. */
  readonly cropBorder?: number;
}

/** Planes [H, W] in 8-bit units. */
export interface MetricPlanes {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Float64Array[];
}

/** The planes that a metric compares: the border is cropped first, then luma is taken. */
export function metricPlanes(image: Image, options: MetricOptions): MetricPlanes {
  const cropped = cropBorder(image, options.cropBorder ?? 0);
  const { width, height, channels } = cropped;
  if (options.channels === 'y') return { width, height, planes: [studioLuma(cropped)] };
  const planes = Array.from({ length: channels }, (_, channel) =>
    Float64Array.from(channelPlane(cropped, channel), (value) => value * 255),
  );
  return { width, height, planes };
}

/** @throws RangeError when the two images differ in size or channels. */
export function requireSameSize(reference: Image, distorted: Image): void {
  const [expected, got] = [reference, distorted].map(
    ({ width, height, channels }) => `${width}x${height} with ${channels} channels`,
  );
  if (expected !== got) throw new RangeError(`expected an image of ${expected}, got ${got}`);
}
