/** To the nearest integer, ties to even: the rounding of NumPy, torch and clamped byte arrays. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
