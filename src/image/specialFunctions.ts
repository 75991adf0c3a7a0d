// Lanczos' approximation with g = 7 and nine terms, good to about 15 digits.
const LANCZOS_G = 7;
const LANCZOS_FIRST = 0.99999999999980993;
const LANCZOS_TERMS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** The logarithm of the gamma function, for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const base = x - 1 + LANCZOS_G + 0.5;
  const series = LANCZOS_TERMS.reduce((sum, term, i) => sum + term / (x + i), LANCZOS_FIRST);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(series);
}

/**
 * The Bessel function of the first kind and order one, by Bessel's integral. The trapezoidal rule converges
 * faster than any power on a periodic integrand: beyond |x| nodes each further one adds about a digit.
 */
export function besselJ1(x: number): number {
  const nodes = Math.ceil(Math.abs(x)) + 40;
  let sum = 0;
  for (let i = 0; i < nodes; i++) {
    const angle = (2 * Math.PI * i) / nodes;
    sum += Math.cos(angle - x * Math.sin(angle));
  }
  return sum / nodes;
}
