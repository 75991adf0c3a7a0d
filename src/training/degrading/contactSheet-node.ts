// Pairs side by side on one sheet, with what was done to each.

import sharp from 'sharp';
import { cropImage, imageToBytes, resizeNearest, type Image } from '../../image/index.js';

/** A pair on a sheet. */
export interface SheetCell {
  readonly sample: Image;
  readonly target: Image;
  /** Lines of text below. */
  readonly lines: readonly string[];
}

/** Side of each picture on the sheet, in pixels. */
const SIDE = 240;
const GAP = 12;
const LINE = 13;
const LINES = 6;
const COLUMNS = 3;
const HEADER = 34;

/**
 * A PNG of pairs: the middle of each degraded picture, enlarged without smoothing, beside the same place of the good one.
 * Text is drawn in the system's sans serif.
 */
export async function contactSheet(
  title: string,
  cells: readonly SheetCell[],
): Promise<Uint8Array> {
  const columns = Math.min(COLUMNS, cells.length);
  const [cellWidth, cellHeight] = [2 * SIDE + 2 * GAP, SIDE + LINES * LINE + 2 * GAP];
  const width = columns * cellWidth + GAP;
  const height = HEADER + Math.ceil(cells.length / columns) * cellHeight;
  const place = (i: number) => ({
    left: GAP + (i % columns) * cellWidth,
    top: HEADER + Math.floor(i / columns) * cellHeight,
  });
  const pictures = cells.flatMap((cell, i) => {
    const { left, top } = place(i);
    const [sample, target] = middles(cell);
    return [
      { ...raw(sample), left, top },
      { ...raw(target), left: left + SIDE + 4, top },
    ];
  });
  const texts = cells.flatMap(({ lines }, i) => {
    const { left, top } = place(i);
    return lines
      .slice(0, LINES)
      .map((line, n) => text(line, left, top + SIDE + (n + 1) * LINE, 10.5));
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${text(title, GAP, 22, 15)}${texts.join('')}</svg>`;
  const background = { r: 255, g: 255, b: 255 };
  return sharp({ create: { width, height, channels: 3, background } })
    .composite([...pictures, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png()
    .toBuffer();
}

/** The same place of both, a whole number of times enlarged, at the sheet's size. */
function middles({ sample, target }: SheetCell): [Image, Image] {
  const scale = target.width / sample.width;
  const zoom = Math.max(2, Math.round(scale));
  const side = Math.min(Math.floor(SIDE / zoom), sample.width, sample.height);
  const left = (sample.width - side) >> 1;
  const top = (sample.height - side) >> 1;
  const size = { width: SIDE, height: SIDE };
  const good = cropImage(target, left * scale, top * scale, side * scale, side * scale);
  return [resizeNearest(cropImage(sample, left, top, side, side), size), resizeNearest(good, size)];
}

function raw(image: Image) {
  const { width, height } = image;
  return { input: Buffer.from(imageToBytes(image)), raw: { width, height, channels: 3 as const } };
}

function text(line: string, x: number, y: number, size: number): string {
  const escaped = line.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<text x="${x}" y="${y}" font-family="DejaVu Sans, sans-serif" font-size="${size}" fill="#222">${escaped}</text>`;
}

/** Words in lines of so many letters. */
export function wrapWords(words: readonly string[], room: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} · ${word}`.length <= room)
      lines[lines.length - 1] = `${last} · ${word}`;
    else lines.push(word);
  }
  return lines;
}
