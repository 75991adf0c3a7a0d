// Logarithm and cosine from operations that IEEE 754 rounds exactly (+, -, *, /), so that every engine gives the
// same bits. `Math.log` and `Math.cos` may differ between engines in the last bit.

/** ln 2 in two parts: the first has trailing zeros, so that small multiples of it are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** The natural logarithm of a normal positive number, within 2 units in the last place. */
export function portableLog(x: number): number {
  let exponent = 0;
  let mantissa = x;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  while (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // log(m) = 2 artanh((m - 1) / (m + 1)), whose argument is at most 0.172 here.
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let series = 0;
  for (let power = 23; power >= 3; power -= 2) series = (series + 1 / power) * square;
  return exponent * LN2_HIGH + (exponent * LN2_LOW + (2 * ratio * series + 2 * ratio));
}

/** cos(2 pi turns) for turns in [0, 1), within 1e-15. */
export function portableCosineOfTurns(turns: number): number {
  // To an eighth of a turn; all of it is exact.
  const quarter = Math.round(turns * 4);
  const angle = (turns - quarter / 4) * (2 * Math.PI);
  switch (quarter % 4) {
    case 0:
      return cosine(angle);
    case 1:
      return -sine(angle);
    case 2:
      return -cosine(angle);
    default:
      return sine(angle);
  }
}

function cosine(angle: number): number {
  const square = angle * angle;
  let series = 1;
  for (let n = 18; n >= 2; n -= 2) series = 1 - (series * square) / (n * (n - 1));
  return series;
}

function sine(angle: number): number {
  const square = angle * angle;
  let series = 1;
  for (let n = 19; n >= 3; n -= 2) series = 1 - (series * square) / (n * (n - 1));
  return angle * series;
}
