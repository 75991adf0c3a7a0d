/** Below it the series is used, above it the continued fraction; both then reach full precision. */
const crossover = 2;

/** The error function, to about 1e-15. */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < crossover) return erfSeries(x);
  return Math.sign(x) * (1 - erfcFraction(magnitude));
}

/** 1 - erf(x), without the cancellation where x is large. */
export function erfc(x: number): number {
  return x < crossover ? 1 - erf(x) : erfcFraction(x);
}

/** 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!! (Abramowitz and Stegun 7.1.6): no term cancels another. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** exp(-x^2)/sqrt(pi) / (x + 1/2/(x + 1/(x + 3/2/(x + ...)))) (Abramowitz and Stegun 7.1.14), from its far end. */
function erfcFraction(x: number): number {
  let denominator = x;
  for (let n = 60; n > 0; n--) denominator = x + n / 2 / denominator;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / denominator;
}
