// What is asked of a restorer on photographs without originals: no grid, no seams, no change of colour.
import { clampImage, cropImage, gridPower, imresize, psnr, type Image } from 'nanosd';
import type { FileRestorer, RestoreFileOptions } from 'nanosd/node';

export interface PhotoReport {
  /** By period in pixels: of the result, and of the photo interpolated to its size. */
  readonly grid: ReadonlyMap<number, { readonly ours: number; readonly theirs: number }>;
  /** dB between tiles of 128 and the whole. */
  readonly seams: number;
  /** The largest change of a channel's mean, of 255. */
  readonly shift: number;
  readonly restored: Image;
  readonly interpolated: Image;
}

const periods = [2, 4, 8];
/** More would take minutes, and hours by WebAssembly. */
const LARGEST = 400;

export function middleOf(photo: Image): Image {
  const [width, height] = [photo.width, photo.height].map((side) => Math.min(side, LARGEST));
  const [left, top] = [(photo.width - width) >> 1, (photo.height - height) >> 1];
  return cropImage(photo, left, top, width, height);
}

export async function checkPhoto(
  restorer: FileRestorer,
  photo: Image,
  options: Pick<RestoreFileOptions, 'fidelity'>,
): Promise<PhotoReport> {
  const { scale } = restorer;
  const restored = await restorer.restore(photo, { ...options, tile: LARGEST });
  const tiled = await restorer.restore(photo, { ...options, tile: 128 });
  const interpolated = scale === 1 ? photo : clampImage(imresize(photo, { scale }));
  return {
    grid: new Map(
      periods.map((period) => [
        period,
        { ours: gridPower(restored, period), theirs: gridPower(interpolated, period) },
      ]),
    ),
    seams: psnr(restored, tiled, { cropBorder: 0 }),
    shift:
      Math.max(...meansOf(restored).map((mean, i) => Math.abs(mean - meansOf(photo)[i]))) * 255,
    ...{ restored, interpolated },
  };
}

function meansOf({ data, channels }: Image): number[] {
  const size = data.length / channels;
  return Array.from({ length: channels }, (_, channel) =>
    data.subarray(channel * size, (channel + 1) * size).reduce((sum, x) => sum + x / size, 0),
  );
}
