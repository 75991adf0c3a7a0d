import {
  channelPlane,
  createImage,
  hasOpacity,
  type Image,
  type PictureRows,
} from '../image/index.js';
import { cellAxis, cellSums, type CellAxis } from './cells.js';

/** Input pixels a side of what is compared: details are the network's, larger areas the photo's. */
const CELL = 32;
/** Half of one of 256 levels: smaller differences are left alone, for nobody sees them. */
const TOLERANCE = 0.5 / 255;

/** What one row of cells differs by, [C, cells]: the photo's mean less the restored picture's. */
type CellRow = Float32Array;

interface Layout {
  readonly columns: CellAxis;
  readonly rows: CellAxis;
}

/**
 * Gives a restored picture, which comes in strips from the top, the photo's colours: the means over cells of
 * 32x32 input pixels follow the photo's to half an 8-bit level, and between cells the correction is
 * interpolated. Colours that opacity hides do not count.
 */
export async function* matchColours(
  strips: AsyncIterable<Image>,
  photo: PictureRows,
  width: number,
  height: number,
): AsyncGenerator<Image> {
  const [across, down] = [cellCount(photo.width), cellCount(photo.height)];
  const source = { columns: cellAxis(photo.width, across), rows: cellAxis(photo.height, down) };
  const result = { columns: cellAxis(width, across), rows: cellAxis(height, down) };
  const sums = new Map<number, Float64Array>();
  const differences: CellRow[] = [];
  const waiting: { top: number; strip: Image }[] = [];
  let top = 0;
  for await (const strip of strips) {
    addStrip(sums, strip, top, result);
    waiting.push({ top, strip });
    top += strip.height;
    while (differences.length < down && result.rows.ends[differences.length] <= top) {
      const row = differences.length;
      differences.push(await cellDifference(photo, row, source, sums.get(row)));
      sums.delete(row);
    }
    // A pixel's correction takes in the cells two rows further down.
    while (waiting.length > 0 && isDetermined(waiting[0], differences.length, down, height)) {
      const [first] = waiting.splice(0, 1);
      yield corrected(first.strip, first.top, differences, result);
    }
  }
}

function cellCount(length: number): number {
  return Math.max(1, Math.round(length / CELL));
}

function isDetermined(
  { top, strip }: { top: number; strip: Image },
  known: number,
  down: number,
  height: number,
): boolean {
  const lowest = Math.floor(((top + strip.height - 0.5) * down) / height - 0.5) + 2;
  return known >= Math.min(down, lowest + 1);
}

function addStrip(
  sums: Map<number, Float64Array>,
  strip: Image,
  top: number,
  { columns, rows }: Layout,
): void {
  for (let y = 0; y < strip.height; y++) {
    const cells = cellSums(strip, y, columns);
    const { first, share } = rows.of(top + y);
    addTo(sums, first, cells, share);
    if (share < 1) addTo(sums, first + 1, cells, 1 - share);
  }
}

function addTo(
  sums: Map<number, Float64Array>,
  row: number,
  cells: Float64Array,
  share: number,
): void {
  const sum = sums.get(row) ?? new Float64Array(cells.length);
  sums.set(row, sum);
  for (let i = 0; i < cells.length; i++) sum[i] += share * cells[i];
}

async function cellDifference(
  photo: PictureRows,
  row: number,
  layout: Layout,
  restored: Float64Array | undefined,
): Promise<CellRow> {
  const begin = Math.floor(row === 0 ? 0 : layout.rows.ends[row - 1]);
  const end = Math.min(photo.height, Math.ceil(layout.rows.ends[row] - 1e-9));
  const sums = new Map<number, Float64Array>();
  addStrip(sums, await photo.read(begin, end - begin), begin, layout);
  const original = sums.get(row);
  const colours = hasOpacity(photo.channels) ? photo.channels - 1 : photo.channels;
  const count = layout.columns.ends.length;
  const difference = new Float32Array(colours * count);
  if (!original || !restored) return difference;
  const weights = colours * count;
  for (let i = 0; i < difference.length; i++) {
    const [before, after] = [original[weights + (i % count)], restored[weights + (i % count)]];
    const visible = before > 1e-3 && after > 1e-3;
    difference[i] = visible ? original[i] / before - restored[i] / after : 0;
  }
  return difference;
}

function corrected(
  strip: Image,
  top: number,
  differences: readonly CellRow[],
  { columns, rows }: Layout,
): Image {
  const { width, height, channels } = strip;
  const colours = hasOpacity(channels) ? channels - 1 : channels;
  const count = columns.ends.length;
  let result: Image | undefined;
  for (let y = 0; y < height; y++) {
    const at = ((top + y + 0.5) * rows.ends.length) / rows.length - 0.5;
    const correction = correctionAt(differences, at, colours, count);
    if (!correction) continue;
    result ??= createImage(width, height, channels, strip.data);
    for (let channel = 0; channel < colours; channel++) {
      const row = channelPlane(result, channel).subarray(y * width, (y + 1) * width);
      addInterpolated(row, correction.subarray(channel * count, (channel + 1) * count));
    }
  }
  return result ?? strip;
}

/** The correction [C, cells] at a height between rows of cells; undefined where there is nothing to correct. */
function correctionAt(
  differences: readonly CellRow[],
  at: number,
  colours: number,
  count: number,
): Float32Array | undefined {
  const row = Math.floor(at);
  const part = at - row;
  const below = smoothed(differences, row + 1, colours, count);
  const correction = smoothed(differences, row, colours, count);
  let isZero = true;
  for (let i = 0; i < correction.length; i++) {
    const value = (1 - part) * correction[i] + part * below[i];
    correction[i] = value - Math.min(TOLERANCE, Math.max(-TOLERANCE, value));
    if (correction[i] !== 0) isZero = false;
  }
  return isZero ? undefined : correction;
}

/** A row of differences, weighed 1:2:1 with its neighbours both ways: an edge counts in both its cells. */
function smoothed(
  differences: readonly CellRow[],
  row: number,
  colours: number,
  count: number,
): Float32Array {
  const last = differences.length - 1;
  const at = (k: number): CellRow => differences[Math.min(last, Math.max(0, k))];
  const [above, middle, below] = [at(row - 1), at(row), at(row + 1)];
  const vertical = middle.map((value, i) => (above[i] + 2 * value + below[i]) / 4);
  return vertical.map((value, i) => {
    const x = i % count;
    const left = x === 0 ? value : vertical[i - 1];
    const right = x === count - 1 ? value : vertical[i + 1];
    return (left + 2 * value + right) / 4;
  });
}

function addInterpolated(row: Float32Array, cells: Float32Array): void {
  const perPixel = cells.length / row.length;
  for (let x = 0; x < row.length; x++) {
    const at = (x + 0.5) * perPixel - 0.5;
    const cell = Math.floor(at);
    const part = at - cell;
    const left = cells[Math.max(0, cell)];
    const right = cells[Math.min(cells.length - 1, cell + 1)];
    row[x] = Math.min(1, Math.max(0, row[x] + (1 - part) * left + part * right));
  }
}
