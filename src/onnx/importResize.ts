import { interpolationMatrix, type Value } from '../graph/index.js';
import { normalizeAxis, tensor } from '../tensor/index.js';
import type { FoldingBuilder } from './foldingBuilder.js';
import type { ForeignNode, ImportRule } from './foreignNode.js';
import {
  interpolationRow,
  nearestSource,
  originalCoordinate,
  type AxisResize,
  type Interpolation,
} from './resampleCoordinates.js';

type Method = { readonly kind: 'nearest'; readonly rounding: string } | Interpolation;

/** How one axis is resampled: copied rows, or weighted sums of rows `[length, inLength]`. */
type Resampling =
  | { readonly kind: 'rows'; readonly rows: readonly number[] }
  | { readonly kind: 'matrix'; readonly length: number; readonly matrix: Float64Array };

/**
 * As our resize where ONNX means the same; else rows are gathered (nearest), or each axis is multiplied by
 * its interpolation matrix.
 */
function importResize(node: ForeignNode): Value {
  const x = node.value(0);
  const method = methodOf(node);
  const coordinates = coordinatesOf(node);
  const axes = resizedAxes(node, x).map((axis) => ({
    ...axis,
    resampling: resample(method, { ...axis, coordinates }),
  }));
  const isMap = x.shape.length === 4 && axes.every(({ axis }) => axis >= 2);
  const mode = method.kind === 'nearest' ? 'nearest' : 'linear';
  if (isMap && axes.length > 0 && axes.every((one) => isOurs(mode, one.inLength, one.resampling))) {
    const [height, width] = [2, 3].map(
      (at) => axes.find(({ axis }) => axis === at)?.length ?? x.shape[at],
    );
    return node.builder.apply('resize', [x], { mode, height, width });
  }
  return axes.reduce(
    (value, { axis, resampling }) => resampleAxis(node.builder, value, axis, resampling),
    x,
  );
}

function methodOf({ attributes, opset }: ForeignNode): Method {
  const mode = attributes.string('mode', 'nearest');
  const rounding = attributes.string('nearest_mode', 'round_prefer_floor');
  const coefficient = attributes.float('cubic_coeff_a', -0.75);
  const excludesOutside = attributes.int('exclude_outside', 0) === 1;
  const antialias = attributes.int('antialias', 0) === 1;
  if (mode === 'nearest') return { kind: 'nearest', rounding: opset < 11 ? 'simple' : rounding };
  if (mode === 'linear' || mode === 'bilinear') {
    return { kind: 'linear', coefficient, excludesOutside, antialias };
  }
  if (mode === 'cubic') return { kind: 'cubic', coefficient, excludesOutside, antialias };
  throw new Error(`expected mode nearest, linear or cubic, got ${mode}`);
}

function coordinatesOf({ attributes, opset }: ForeignNode): string {
  const named = attributes.string('coordinate_transformation_mode', 'half_pixel');
  // It matters only where the region of interest does.
  attributes.float('extrapolation_value', 0);
  return opset < 11 ? 'asymmetric' : named;
}

/** The axes whose length changes, with their scales. */
function resizedAxes(
  node: ForeignNode,
  x: Value,
): (Omit<AxisResize, 'coordinates'> & { axis: number })[] {
  const { attributes, opset } = node;
  const policy = attributes.string('keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw new Error(`expected policy stretch, got ${policy}`);
  const rank = x.shape.length;
  const listed = attributes.ints('axes', undefined) ?? x.shape.map((_, axis) => axis);
  const axes = listed.map((axis) => normalizeAxis(axis, rank));
  const scales = attributes.floats('scales', undefined) ?? node.numbers(opset < 11 ? 1 : 2) ?? [];
  const sizes = opset < 11 ? [] : (node.numbers(3) ?? []);
  if (scales.length === 0 && sizes.length === 0) throw new Error('expected scales or sizes');
  return axes.flatMap((axis, i) => {
    const inLength = x.shape[axis];
    const scale = sizes.length > 0 ? sizes[i] / inLength : scales[i];
    const length = sizes.length > 0 ? sizes[i] : Math.floor(Math.fround(inLength * scale));
    return length === inLength && scale === 1 ? [] : [{ axis, inLength, length, scale }];
  });
}

function resample(method: Method, axis: AxisResize): Resampling {
  const positions = Array.from({ length: axis.length }, (_, i) => originalCoordinate(axis, i));
  if (method.kind === 'nearest') {
    const rows = positions.map((position) => nearestSource(method.rounding, axis, position));
    return { kind: 'rows', rows };
  }
  const matrix = new Float64Array(axis.length * axis.inLength);
  positions.forEach((position, i) => {
    for (const { source, weight } of interpolationRow(method, axis, position)) {
      matrix[i * axis.inLength + source] += weight;
    }
  });
  return { kind: 'matrix', length: axis.length, matrix };
}

function isOurs(mode: 'nearest' | 'linear', inLength: number, resampling: Resampling): boolean {
  if (resampling.kind === 'rows') {
    const { length } = resampling.rows;
    return resampling.rows.every((row, i) => row === Math.floor((i * inLength) / length));
  }
  const ours = interpolationMatrix(mode, inLength, resampling.length);
  return resampling.matrix.every((weight, i) => Math.abs(weight - ours[i]) < 1e-5);
}

function resampleAxis(b: FoldingBuilder, x: Value, axis: number, resampling: Resampling): Value {
  if (resampling.kind === 'rows') {
    const rows = BigInt64Array.from(resampling.rows, BigInt);
    const indices = b.constant(tensor('int64', [rows.length], rows));
    return b.apply('gather', [x, indices], { axis });
  }
  const { length, matrix } = resampling;
  const last = x.shape.length - 1;
  const swapped = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  const transposed = Float32Array.from(matrix, (_, i) => {
    const [source, target] = [Math.floor(i / length), i % length];
    return matrix[target * x.shape[axis] + source];
  });
  const weights = b.constant(tensor('float32', [x.shape[axis], length], transposed));
  const typed = x.dtype === 'float32' ? weights : b.apply('cast', [weights], { to: x.dtype });
  const turned = axis === last ? x : b.transpose(x, swapped);
  const product = b.matmul(turned, typed);
  return axis === last ? product : b.transpose(product, swapped);
}

/** Resampling. */
export const resizeRules: Readonly<Record<string, ImportRule>> = {
  Resize: importResize,
  Upsample: importResize,
};
