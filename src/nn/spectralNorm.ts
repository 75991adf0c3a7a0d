import type { GraphBuilder, Value } from '../graph/index.js';
import { float32, Random } from '../tensor/index.js';

/** Each doubles the steps of the power iteration: 8 in all. */
const SQUARINGS = 3;
/** Of the squared norm of a weight; a weight of zeros stays one. */
const SMALLEST = 1e-12;

/**
 * A weight `[out, ...]` over its largest singular value as a matrix `[out, in * kh * kw]` (Miyato et al. 2018). The value is found by eight
 * steps of the power iteration from a vector that is always the same: nothing is kept between steps, and gradients are those of what
 * is computed.
 */
export function spectralNorm(b: GraphBuilder, weight: Value): Value {
  const [out] = weight.shape;
  const columns = weight.shape.slice(1).reduce((product, n) => product * n, 1);
  const matrix = b.reshape(weight, [out, columns]);
  const gram = b.matmul(matrix, b.transpose(matrix, [1, 0]));
  let power = overTrace(b, gram, sumOfSquares(b, matrix));
  for (let i = 0; i < SQUARINGS; i++) {
    // The trace of a symmetric matrix times itself.
    power = overTrace(b, b.matmul(power, power), sumOfSquares(b, power));
  }
  const start = b.constant(float32([out, 1], Random.seeded(1).normals(out)));
  const vector = b.matmul(power, start);
  const grown = sumOfSquares(b, b.matmul(b.transpose(matrix, [1, 0]), vector));
  const squared = b.div(grown, b.shift(sumOfSquares(b, vector), SMALLEST));
  const norm = b.apply('sqrt', [b.shift(squared, SMALLEST)], {});
  return b.reshape(b.div(matrix, norm), weight.shape);
}

/** `[1, 1]`. */
function sumOfSquares(b: GraphBuilder, matrix: Value): Value {
  return b.reduceSum(b.mul(matrix, matrix), [0, 1]);
}

function overTrace(b: GraphBuilder, matrix: Value, trace: Value): Value {
  return b.div(matrix, b.shift(trace, SMALLEST));
}
