import { createImage, imresize, type Image } from '../image/index.js';
import { gaussianNoise, type Shape } from '../tensor/index.js';

/**
 * A colour for each cell of a latent without the decoder: a linear map of its channels, which comes close enough to
 * see what a picture is going to be.
 */
export interface LatentColours {
  /** For each of red, green and blue: a factor for each channel, and an offset. */
  readonly factors: readonly (readonly number[])[];
}

/** An image of latents `[1, C, h, w]`. */
export type Decode = (latents: Float32Array, shape: Shape) => Promise<Image>;

/** Cells a side of what the colours are fitted to, and of its patches of one value. */
const SIDE = 16;
const PATCH = 4;

/**
 * Fits colours to what a decoder makes of patches of random latents, by least squares. It decodes a picture of
 * 16 x 16 cells once.
 */
export async function fitLatentColours(channels: number, decode: Decode): Promise<LatentColours> {
  const grid = SIDE / PATCH;
  const patches = gaussianNoise([channels, grid, grid], 0).data;
  const latents = new Float32Array(channels * SIDE * SIDE).map((_, i) => {
    const [channel, cell] = [Math.floor(i / (SIDE * SIDE)), i % (SIDE * SIDE)];
    const [row, column] = [Math.floor(cell / SIDE), cell % SIDE];
    const patch = Math.floor(row / PATCH) * grid + Math.floor(column / PATCH);
    return patches[channel * grid * grid + patch];
  });
  const decoded = await decode(latents, [1, channels, SIDE, SIDE]);
  const target = imresize(decoded, { width: SIDE, height: SIDE, kernel: 'box' });
  const rows = Array.from({ length: SIDE * SIDE }, (_, cell) => [
    ...Array.from({ length: channels }, (__, c) => latents[c * SIDE * SIDE + cell]),
    1,
  ]);
  const factors = [0, 1, 2].map((colour) => {
    const plane = Math.min(colour, target.channels - 1) * SIDE * SIDE;
    return leastSquares(rows, target.data.subarray(plane, plane + SIDE * SIDE));
  });
  return { factors };
}

/** A picture [3, h, w] of latents `[1, C, h, w]`, one pixel a cell. */
export function latentPreview(
  { factors }: LatentColours,
  latents: Float32Array,
  [, channels, height, width]: Shape,
): Image {
  const cells = height * width;
  const image = createImage(width, height, 3);
  factors.forEach((row, colour) => {
    for (let cell = 0; cell < cells; cell++) {
      let value = row[channels];
      for (let c = 0; c < channels; c++) value += row[c] * latents[c * cells + cell];
      image.data[colour * cells + cell] = Math.min(1, Math.max(0, value));
    }
  });
  return image;
}

/** Weights w for which the rows times w come closest to the targets, by the normal equations. */
function leastSquares(rows: readonly number[][], targets: ArrayLike<number>): number[] {
  const size = rows[0].length;
  const system = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (__, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)),
    rows.reduce((sum, row, k) => sum + row[i] * targets[k], 0),
  ]);
  // Gauss-Jordan elimination; random patches leave the matrix positive definite, which needs no pivoting.
  for (let pivot = 0; pivot < size; pivot++) {
    for (let i = 0; i < size; i++) {
      if (i === pivot) continue;
      const factor = system[i][pivot] / system[pivot][pivot];
      for (let j = pivot; j <= size; j++) system[i][j] -= factor * system[pivot][j];
    }
  }
  return system.map((row, i) => row[size] / row[i]);
}
