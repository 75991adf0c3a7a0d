import {
  createImage,
  imageFromBytes,
  imageToBytes,
  type Image,
  type PictureRows,
} from '../image/index.js';

/** Rows of RGBA pixels as numbers: gray where all are gray, and with opacity where any is below 1. */
export function pixelRows(pixels: ImageData): PictureRows {
  const { data, width, height } = pixels;
  const kept = keptChannels(data);
  return {
    width,
    height,
    channels: kept.length,
    read(top, count) {
      const bytes = data.subarray(4 * width * top, 4 * width * (top + count));
      const all = imageFromBytes(bytes, width, count, 4);
      const size = width * count;
      const rows = createImage(width, count, kept.length);
      kept.forEach((channel, i) => {
        rows.data.set(all.data.subarray(channel * size, (channel + 1) * size), i * size);
      });
      return Promise.resolve(rows);
    },
  };
}

/** Which of red, green, blue and opacity say something. */
function keptChannels(data: Uint8ClampedArray): number[] {
  let [isGray, isOpaque] = [true, true];
  for (let i = 0; i < data.length && (isGray || isOpaque); i += 4) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) isGray = false;
    if (data[i + 3] !== 255) isOpaque = false;
  }
  return [...(isGray ? [0] : [0, 1, 2]), ...(isOpaque ? [] : [3])];
}

export function hasTransparency({ data }: ImageData): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return true;
  return false;
}

/** Writes rows of one to four channels into RGBA pixels from row `top` on, rounded to 8 bits. */
export function writeRows({ data, width }: ImageData, top: number, rows: Image): void {
  const { channels } = rows;
  const bytes = imageToBytes(rows);
  const colours = channels < 3 ? 1 : 3;
  const hasOpacity = channels > colours;
  let to = 4 * width * top;
  for (let from = 0; from < bytes.length; from += channels, to += 4) {
    data[to] = bytes[from];
    data[to + 1] = bytes[from + (colours === 3 ? 1 : 0)];
    data[to + 2] = bytes[from + (colours === 3 ? 2 : 0)];
    data[to + 3] = hasOpacity ? bytes[from + colours] : 255;
  }
}
