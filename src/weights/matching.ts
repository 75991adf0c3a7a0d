import { formatShape, sameShape, type Shape, type Tensor, type Weights } from '../tensor/index.js';
import { abbreviate, printableName, WeightsError } from './errors.js';

/** A parameter that a model asks for. */
export interface ExpectedWeight {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * Checks that the weights are exactly those expected: every name, no other name, every shape. Takes tensors
 * or the entries of a checkpoint that has not been read yet.
 * @param prefix what messages put before a name, such as `unet.`.
 * @throws WeightsError listing every missing, unexpected and misshapen weight, the first 20 of each kind.
 */
export function matchWeights(
  expected: Iterable<ExpectedWeight>,
  weights: ReadonlyMap<string, { readonly shape: Shape }>,
  prefix = '',
): void {
  const missing: string[] = [];
  const misshapen: string[] = [];
  const known = new Set<string>();
  for (const { name, shape } of expected) {
    known.add(name);
    const label = prefix + printableName(name);
    const got = weights.get(name)?.shape;
    if (!got) missing.push(`${label}: expected ${formatShape(shape)}, got nothing`);
    else if (!sameShape(shape, got)) {
      misshapen.push(`${label}: expected ${formatShape(shape)}, got ${formatShape(got)}`);
    }
  }
  const unexpected = Array.from(weights)
    .filter(([name]) => !known.has(name))
    .map(
      ([name, { shape }]) => `${prefix}${printableName(name)}: unexpected, ${formatShape(shape)}`,
    );
  const sections = [
    ...section('missing', missing),
    ...section('unexpected', unexpected),
    ...section('misshapen', misshapen),
  ];
  if (sections.length === 0) return;
  throw new WeightsError(
    [`expected ${known.size} weights, got ${weights.size} that do not match`, ...sections].join(
      '\n',
    ),
  );
}

function section(kind: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [`${lines.length} ${kind}:`, ...abbreviate(lines).map((line) => `  ${line}`)];
}

/**
 * Checks that no floating-point weight is NaN or infinite.
 * @throws WeightsError naming the tensors, the first 20 of them.
 */
export function checkFinite(weights: Weights): void {
  const problems = [...weights].flatMap(([name, weight]) => describeNonFinite(name, weight));
  if (problems.length > 0) throw nonFiniteError(problems);
}

/** What is wrong with a tensor that has NaN or infinite elements; nothing for another. */
export function describeNonFinite(name: string, weight: Tensor): string[] {
  const { nan, infinite } = countNonFinite(weight);
  if (nan + infinite === 0) return [];
  const counts = `${nan} NaN and ${infinite} infinite of ${weight.data.length} elements`;
  return [`${printableName(name)}: ${counts}`];
}

export function nonFiniteError(problems: readonly string[]): WeightsError {
  const listed = abbreviate(problems).map((line) => `  ${line}`);
  const count = `${problems.length} ${problems.length === 1 ? 'tensor' : 'tensors'}`;
  return new WeightsError(
    [`expected finite weights, got others in ${count}:`, ...listed].join('\n'),
  );
}

/** How many elements are NaN and how many are infinite; none for integers. */
export function countNonFinite({ dtype, data }: Tensor): { nan: number; infinite: number } {
  switch (dtype) {
    case 'float64':
    case 'float32':
      return countNonFiniteNumbers(data as Float32Array | Float64Array);
    case 'float16':
      return countNonFiniteBits(data as Uint16Array, 0x7c00);
    case 'bfloat16':
      return countNonFiniteBits(data as Uint16Array, 0x7f80);
    default:
      return { nan: 0, infinite: 0 };
  }
}

function countNonFiniteNumbers(values: Float32Array | Float64Array): {
  nan: number;
  infinite: number;
} {
  let nan = 0;
  let infinite = 0;
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    if (Number.isNaN(value)) nan++;
    else infinite++;
  }
  return { nan, infinite };
}

/** `infinity` is the bit pattern of +∞: all exponent bits, no fraction bits. */
function countNonFiniteBits(
  values: Uint16Array,
  infinity: number,
): { nan: number; infinite: number } {
  let nan = 0;
  let infinite = 0;
  for (const bits of values) {
    const magnitude = bits & 0x7fff;
    if (magnitude > infinity) nan++;
    else if (magnitude === infinity) infinite++;
  }
  return { nan, infinite };
}
