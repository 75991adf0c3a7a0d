/** A function's value and gradient at a point. */
export interface Slope {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface Bounds {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export interface MinimizeOptions {
  readonly maxIterations?: number;
  /** Ends when no free component of the gradient is larger. */
  readonly tolerance?: number;
}

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
}

const sufficientDecrease = 1e-4;
const shortestStep = 1e-10;
/** The longest first step in any coordinate: the likelihood is flat far away, and no step comes back from there. */
const longestMove = 1;

/**
 * A local minimum of a smooth function in a box: BFGS with a dense inverse Hessian, for up to some tens of
 * variables, in which those that a bound holds back are left out of a step (Bertsekas 1982), and a
 * backtracking line search along the projected path.
 */
export function minimizeBounded(
  objective: (point: Float64Array) => Slope,
  start: readonly number[],
  { lower, upper }: Bounds,
  { maxIterations = 100, tolerance = 1e-5 }: MinimizeOptions = {},
): Minimum {
  const size = start.length;
  const clamp = (value: number, i: number): number => Math.min(upper[i], Math.max(lower[i], value));
  let point: Float64Array = Float64Array.from(start, clamp);
  let { value, gradient } = objective(point);
  let inverse = identity(size);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const free = Array.from(gradient, (slope, i) =>
      slope > 0 ? point[i] > lower[i] : slope < 0 && point[i] < upper[i],
    );
    if (!free.some((isFree, i) => isFree && Math.abs(gradient[i]) > tolerance)) break;
    const direction = descent(inverse, gradient, free);
    const next = lineSearch(objective, { point, value, gradient, direction }, clamp);
    if (!next && isIdentity(inverse)) break;
    if (!next) {
      inverse = identity(size);
      continue;
    }
    update(inverse, next.point, point, next.slope.gradient, gradient);
    point = next.point;
    ({ value, gradient } = next.slope);
  }
  return { point, value };
}

/** Minus the inverse Hessian of the free variables times their gradient; steepest descent if that goes up. */
function descent(inverse: Float64Array, gradient: Float64Array, free: boolean[]): Float64Array {
  const size = gradient.length;
  const direction = new Float64Array(size);
  let slope = 0;
  for (let i = 0; i < size; i++) {
    if (!free[i]) continue;
    for (let j = 0; j < size; j++) {
      if (free[j]) direction[i] -= inverse[i * size + j] * gradient[j];
    }
    slope += direction[i] * gradient[i];
  }
  if (!(slope < 0)) for (let i = 0; i < size; i++) direction[i] = free[i] ? -gradient[i] : 0;
  const longest = direction.reduce((most, move) => Math.max(most, Math.abs(move)), 0);
  return longest > longestMove
    ? direction.map((move) => (move * longestMove) / longest)
    : direction;
}

interface Ray {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly direction: Float64Array;
}

function lineSearch(
  objective: (point: Float64Array) => Slope,
  ray: Ray,
  clamp: (value: number, i: number) => number,
): { readonly point: Float64Array; readonly slope: Slope } | undefined {
  for (let step = 1; step > shortestStep; step /= 2) {
    const point = ray.point.map((value, i) => clamp(value + step * ray.direction[i], i));
    const expected = point.reduce((sum, x, i) => sum + (x - ray.point[i]) * ray.gradient[i], 0);
    const slope = objective(point);
    if (slope.value <= ray.value + sufficientDecrease * expected && expected < 0) {
      return { point, slope };
    }
  }
  return undefined;
}

/** The BFGS update of the inverse Hessian, left out where the curvature is not positive (Nocedal and Wright 2006, 6.17). */
function update(
  inverse: Float64Array,
  point: Float64Array,
  before: Float64Array,
  gradient: Float64Array,
  gradientBefore: Float64Array,
): void {
  const size = point.length;
  const moved = point.map((value, i) => value - before[i]);
  const turned = gradient.map((value, i) => value - gradientBefore[i]);
  const curvature = moved.reduce((sum, value, i) => sum + value * turned[i], 0);
  if (!(curvature > 1e-12)) return;
  const image = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) image[i] += inverse[i * size + j] * turned[j];
  }
  const scale = 1 + turned.reduce((sum, value, i) => sum + value * image[i], 0) / curvature;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      inverse[i * size + j] +=
        (scale * moved[i] * moved[j] - image[i] * moved[j] - moved[i] * image[j]) / curvature;
    }
  }
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

function isIdentity(matrix: Float64Array): boolean {
  const size = Math.sqrt(matrix.length);
  return matrix.every((value, i) => value === (i % (size + 1) === 0 ? 1 : 0));
}
