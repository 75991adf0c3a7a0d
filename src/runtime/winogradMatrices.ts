import type { GraphBuilder, Value } from '../graph/index.js';
import { float32, type Shape } from '../tensor/index.js';

// Winograd's minimal filtering F(4, 3): four outputs of a convolution with three taps from six inputs and six
// multiplications (Winograd 1980; Lavin and Gray 2016), by Toom and Cook's interpolation at five points and
// infinity. The points are the ones of Barabasz et al. 2020 ("Error analysis and improving the accuracy of
// Winograd convolution") that keep float32 within five times the error of an ordinary convolution; 0, ±1
// and ±2, which are customary, double that.

export const TILE = 4;
export const TAPS = 3;
export const PATCH = TILE + TAPS - 1;

const points = [0, 0.75, -0.75, 1.5, -1.5];

export type Matrix = readonly (readonly number[])[];

/** A matrix in a graph, in the `shape` that an operator wants it in. */
export function matrixConstant(
  b: GraphBuilder,
  rows: Matrix,
  shape: Shape = [rows.length, rows[0].length],
): Value {
  return b.constant(float32(shape, rows.flat()));
}

/** `[PATCH, PATCH]`: six inputs to their values at the points. */
export const inputTransform: Matrix = [
  ...points.map((_, i) => padded(withRoots(points.filter((__, j) => j !== i)))),
  withRoots(points),
];

/** `[PATCH, TAPS]`: three taps to theirs. */
export const weightTransform: Matrix = [
  ...points.map((point, i) => {
    const others = points.filter((_, j) => j !== i);
    const scale = others.reduce((product, other) => product * (point - other), 1);
    return powers(point, TAPS).map((power) => power / scale);
  }),
  [0, 0, 1],
];

/** `[TILE, PATCH]`: products to four outputs. */
export const outputTransform: Matrix = Array.from({ length: TILE }, (_, row) => [
  ...points.map((point) => point ** row),
  row === TILE - 1 ? 1 : 0,
]);

/** The same along both axes: what a matrix does to rows times what it does to columns. */
export function kronecker(a: Matrix, b: Matrix): Matrix {
  return a.flatMap((x) => b.map((y) => x.flatMap((p) => y.map((q) => p * q))));
}

export function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));
}

/** Coefficients, from the constant up, of the polynomial with these roots. */
function withRoots(roots: readonly number[]): number[] {
  return roots.reduce<number[]>(
    (poly, root) => [0, ...poly].map((c, i) => c - root * (poly[i] ?? 0)),
    [1],
  );
}

function padded(row: readonly number[]): number[] {
  return [...row, ...new Array<number>(PATCH - row.length).fill(0)];
}

function powers(x: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => x ** i);
}
