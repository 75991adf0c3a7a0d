import {
  meanDefined,
  niqe,
  psnr,
  quantizeImage,
  ssim,
  type Image,
  type NiqeModel,
} from '../../image/index.js';

/** How good a restored picture is; NaN for what cannot be said of it. */
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
  /** Pixels left out on each side; published figures take the scale, and none at a scale of 1. */
  readonly cropBorder: number;
  readonly pristine: NiqeModel;
}

/** Scores of one picture, and how long it took to restore. */
export interface TimedScores extends Scores {
  /** The distance of a feature network, lower is better; NaN without one. */
  readonly sqz: number;
  readonly ms: number;
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

/** What can be said of a restored image without its original. */
export function scoreAlone(restored: Image, { cropBorder, pristine }: ScoreOptions): Scores {
  const none = { psnrY: NaN, ssimY: NaN, psnrRgb: NaN };
  return { ...none, niqe: niqe(quantizeImage(restored), pristine, cropBorder) };
}

/** The mean of every score, over the pictures where it is defined. */
export function meanScores(pictures: readonly TimedScores[]): TimedScores {
  const mean = (key: keyof TimedScores): number => meanDefined(pictures.map((one) => one[key]));
  return {
    psnrY: mean('psnrY'),
    ssimY: mean('ssimY'),
    psnrRgb: mean('psnrRgb'),
    niqe: mean('niqe'),
    sqz: mean('sqz'),
    ms: mean('ms'),
  };
}
