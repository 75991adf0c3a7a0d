/** A value within [0, 1]; faster than `Math.min` and `Math.max` in loops over pixels. */
export function limit(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
