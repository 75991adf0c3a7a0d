import { cholesky, solveCholesky } from '../tensor/cholesky.js';
import { float32, type Tensor, type Weights } from '../tensor/index.js';

/**
 * The weights of a restorer without the coarsest level of its U-Net. The blocks that followed it on the way up become
 * the last blocks of the level above: the route that they stood behind, y = R s + r, goes into their weights. So the network
 * computes what it did, but for what the coarsest level sent up (of which its bias stays), for the border, where zeros now
 * surround s instead of y, and for what `damping` costs.
 * @param damping singular values of R well below it are not undone, which would take large weights.
 * @throws Error for a U-Net of fewer than two levels.
 */
export function flattenRestorer(weights: Weights, damping = 0.05): Weights {
  const levels = countOf(weights, /^unet\.down_blocks\.(\d+)\./);
  if (levels < 2) throw new Error(`expected a U-Net of two or more levels, got ${levels}`);
  const finer = `unet.down_blocks.${levels - 2}`;
  const blocks = countOf(weights, new RegExp(`^${finer}\\.resnets\\.(\\d+)\\.`));
  const route = readRoute(weights, damping);
  const flat = new Map<string, Tensor>();
  for (const [name, held] of weights) {
    const [, level, rest] = /^unet\.up_blocks\.(\d+)\.(.*)$/.exec(name) ?? [];
    if (name.startsWith(`unet.down_blocks.${levels - 1}.`)) continue;
    if (level === undefined) flat.set(name, held);
    else if (Number(level) > 1) flat.set(`unet.up_blocks.${Number(level) - 1}.${rest}`, held);
    else if (level === '1' && !rest.startsWith('route.')) {
      const [, block, param] = /^resnets\.(\d+)\.(.*)$/.exec(rest) ?? [];
      const moved =
        block === undefined
          ? `unet.up_blocks.0.${rest}`
          : `${finer}.resnets.${blocks + Number(block)}.${param}`;
      flat.set(moved, throughRoute(weights, name, held, route));
    }
  }
  return flat;
}

/** One more than the highest number that the pattern finds in a name. */
function countOf(weights: Weights, pattern: RegExp): number {
  const numbers = [...weights.keys()].map((name) => Number(pattern.exec(name)?.[1] ?? -1));
  return 1 + Math.max(...numbers);
}

/** y = R s + r, matrices `[channels, channels]` row by row, and (R^T R + damping^2)^-1 R^T. */
interface Route {
  readonly matrix: Float64Array;
  readonly shift: Float64Array;
  readonly undone: Float64Array;
}

function readRoute(weights: Weights, damping: number): Route {
  const matrix = Float64Array.from(required(weights, 'unet.up_blocks.1.route.weight').data, Number);
  const bias = required(weights, 'unet.up_blocks.1.route.bias').data;
  const coarse = required(weights, 'unet.up_blocks.0.upsampler.bias').data;
  // The pixels that one coarse pixel becomes have a bias each.
  const share = coarse.length / bias.length;
  const shift = Float64Array.from(bias, Number);
  coarse.forEach((value, i) => (shift[Math.floor(i / share)] += Number(value) / share));
  return { matrix, shift, undone: dampedInverse(matrix, bias.length, damping) };
}

function dampedInverse(matrix: Float64Array, size: number, damping: number): Float64Array {
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = i === j ? damping ** 2 : 0;
      for (let k = 0; k < size; k++) sum += matrix[k * size + i] * matrix[k * size + j];
      gram[i * size + j] = sum;
    }
  }
  const root = cholesky(gram, size);
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    // A column of R^T is a row of R.
    const column = solveCholesky(root, size, matrix.slice(row * size, (row + 1) * size));
    column.forEach((value, i) => (inverse[i * size + row] = value));
  }
  return inverse;
}

/** A parameter as it has to be where its layer reads s instead of y, and (`conv2`) adds to s instead of to y. */
function throughRoute(weights: Weights, name: string, held: Tensor, route: Route): Tensor {
  if (/\.conv2\./.test(name)) return product(route.undone, held);
  if (name.endsWith('.weight')) return onInput(held, route.matrix);
  return biasOnInput(required(weights, name.replace(/bias$/, 'weight')), held, route.shift);
}

/** The matrix times what a layer gives: on the first axis of its weight or bias. */
function product(matrix: Float64Array, { shape, data }: Tensor): Tensor {
  const [size] = shape;
  const row = data.length / size;
  const result = new Float64Array(data.length);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const factor = matrix[i * size + j];
      for (let k = 0; k < row; k++) result[i * row + k] += factor * Number(data[j * row + k]);
    }
  }
  return float32(shape, result);
}

/** A convolution's weight `[O, I, H, W]` for inputs that the matrix is yet to be applied to. */
function onInput({ shape, data }: Tensor, matrix: Float64Array): Tensor {
  const [outputs, inputs, height, width] = shape;
  const area = height * width;
  const result = new Float64Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let m = 0; m < inputs; m++) {
      for (let i = 0; i < inputs; i++) {
        const factor = matrix[m * inputs + i];
        for (let k = 0; k < area; k++) {
          result[(o * inputs + i) * area + k] += factor * Number(data[(o * inputs + m) * area + k]);
        }
      }
    }
  }
  return float32(shape, result);
}

/** A convolution's bias for inputs that the shift is yet to be added to. */
function biasOnInput(weight: Tensor, bias: Tensor, shift: Float64Array): Tensor {
  const result = Float64Array.from(bias.data, Number);
  const row = weight.data.length / result.length;
  const area = row / shift.length;
  weight.data.forEach((value, i) => {
    result[Math.floor(i / row)] += Number(value) * shift[Math.floor((i % row) / area)];
  });
  return float32(bias.shape, result);
}

function required(weights: Weights, name: string): Tensor {
  const held = weights.get(name);
  if (!held) throw new Error(`expected ${name}, which a U-Net of two levels has`);
  return held;
}
