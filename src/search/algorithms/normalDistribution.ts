const numerator = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
  221.213596169931, 220.206867912376,
];
const denominator = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
  637.333633378831, 793.826512519948, 440.413735824752,
];
const crossover = 5 * Math.SQRT2;

/** The density of the standard normal distribution. */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/**
 * The probability of a standard normal variable below `z`, to 1e-14, and to 8 digits far in the lower tail:
 * Hart's rational function (West 2005, "Better approximations to cumulative normal functions"), several times
 * as fast as `erfc`, which counts where a whole design space is searched.
 */
export function normalProbability(z: number): number {
  const size = Math.abs(z);
  const tail = size < crossover ? rationalTail(size) : fractionTail(size);
  return z > 0 ? 1 - tail : tail;
}

function rationalTail(size: number): number {
  let over = 0;
  for (const coefficient of numerator) over = over * size + coefficient;
  let under = 0;
  for (const coefficient of denominator) under = under * size + coefficient;
  return (Math.exp(-0.5 * size * size) * over) / under;
}

function fractionTail(size: number): number {
  let fraction = size;
  for (let i = 20; i > 0; i--) fraction = size + i / fraction;
  return normalDensity(size) / fraction;
}
