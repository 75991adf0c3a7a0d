import { niqe, psnr, quantizeImage, ssim, type Image, type NiqeModel } from '../image/index.js';

/** How good a restored picture is. */
export interface Scores {
  /** dB on BT.601 luma. */
  readonly psnrY: number;
  readonly ssimY: number;
  /** dB over the three channels. */
  readonly psnrRgb: number;
  /** Without a reference, lower is better; NaN for a picture of fewer than two blocks of 96x96 pixels. */
  readonly niqe: number;
}

export interface ScoreOptions {
  /** Pixels left out on each side; published figures take the scale. */
  readonly cropBorder: number;
  readonly pristine: NiqeModel;
}

/**
 * Scores a restored image [3, H, W] against its reference, after rounding to the 8 bits of a file.
 * @throws RangeError when the sizes differ or the border leaves less than 11x11 pixels.
 */
export function scoreImage(reference: Image, restored: Image, options: ScoreOptions): Scores {
  const { cropBorder, pristine } = options;
  const rounded = quantizeImage(restored);
  const luma = { channels: 'y', cropBorder } as const;
  return {
    psnrY: psnr(reference, rounded, luma),
    ssimY: ssim(reference, rounded, luma),
    psnrRgb: psnr(reference, rounded, { cropBorder }),
    niqe: niqe(rounded, pristine, cropBorder),
  };
}
