/**
 * The mean over those scores that are numbers, which neither NaN (not defined) nor Infinity (the PSNR of equal
 * pictures) is: one such picture would hide what the others say. NaN when none is.
 */
export function meanDefined(values: readonly number[]): number {
  const defined = values.filter((value) => Number.isFinite(value));
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
