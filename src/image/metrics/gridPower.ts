import { studioLuma } from '../colour.js';
import type { Image } from '../image.js';

/** Bins of the spectrum beside the one asked about that are its neighbours: those next to it share its power by the window. */
const NEAREST = 3;
const FARTHEST = 10;

/**
 * How far the power of an image [C, H, W] at a period of some pixels stands above that at its neighbouring frequencies, along rows or
 * along columns, whichever is more: about 1 for photographs, more for what repeats as a network's grid does.
 * Of luma without its slopes (differences of pixels), under Hann's window.
 * @throws RangeError for an image too small to tell neighbours from one another.
 */
export function gridPower(image: Image, period: number): number {
  const { width, height } = image;
  const luma = studioLuma(image);
  const rows = lines(height, width, (y, x) => luma[y * width + x + 1] - luma[y * width + x]);
  const columns = lines(width, height, (x, y) => luma[(y + 1) * width + x] - luma[y * width + x]);
  return Math.max(peak(rows, period), peak(columns, period));
}

function lines(
  count: number,
  length: number,
  at: (line: number, i: number) => number,
): readonly Float64Array[] {
  return Array.from({ length: count }, (_, line) =>
    Float64Array.from({ length: length - 1 }, (_value, i) => at(line, i)),
  );
}

function peak(signals: readonly Float64Array[], period: number): number {
  const used = Math.floor(signals[0].length / period) * period;
  const bin = used / period;
  const beside = Array.from({ length: FARTHEST - NEAREST + 1 }, (_, i) => NEAREST + i);
  // A period of two is the highest frequency that there is.
  const bins = beside.flatMap((by) => (period === 2 ? [bin - by] : [bin - by, bin + by]));
  if (bin - FARTHEST < 1 || (period > 2 && bin + FARTHEST > used / 2)) {
    throw new RangeError(`expected sides of more than ${period * (FARTHEST + 1)} pixels`);
  }
  const around = bins.map((at) => power(signals, used, at)).sort((a, b) => a - b);
  return power(signals, used, bin) / Math.max(around[Math.floor(around.length / 2)], 1e-12);
}

function power(signals: readonly Float64Array[], length: number, bin: number): number {
  const waves = Array.from({ length }, (_, i) => {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length);
    const phase = (2 * Math.PI * ((bin * i) % length)) / length;
    return [window * Math.cos(phase), window * Math.sin(phase)] as const;
  });
  return signals.reduce((sum, signal) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < length; i++) {
      re += signal[i] * waves[i][0];
      im += signal[i] * waves[i][1];
    }
    return sum + re * re + im * im;
  }, 0);
}
