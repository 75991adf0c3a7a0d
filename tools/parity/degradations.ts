// Blur kernels, filtering, sharpening, JPEG and noise against a case of kind
// `real_esrgan_degradation_pieces`.

import { join } from 'node:path';
import { z } from 'zod';
import { filter2D } from '../../src/image/degradations/operators/filter.js';
import { jpegRoundTrip, roundSmoothly } from '../../src/image/degradations/operators/diffJpeg.js';
import {
  gaussianKernel,
  generalizedGaussianKernel,
  padKernel,
  plateauKernel,
  sincKernel,
  type BlurKernel,
} from '../../src/image/degradations/operators/kernels.js';
import { addNoise } from '../../src/image/degradations/operators/noise.js';
import { unsharpMask } from '../../src/image/degradations/operators/sharpen.js';
import { createImage, type Image } from '../../src/image/image.js';
import { roundHalfEven } from '../../src/image/rounding.js';
import { toFloat32, toFloat64, type Tensor } from '../../src/tensor/index.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import {
  fractionBeyond,
  largestDifference,
  requireTensor,
  type Check,
  type CheckResult,
} from './check.js';

const output = { output: z.string() };
const filtered = { ...output, input: z.string(), tolerance_max_abs: z.number() };
const ellipseArgs = {
  kernel_size: z.number(),
  sig_x: z.number(),
  sig_y: z.number(),
  theta: z.number(),
  isotropic: z.boolean(),
};
const sharpenArgs = z.object({
  radius: z.number(),
  sigma: z.number(),
  weight: z.number(),
  threshold: z.number(),
});

const kernelSchema = z.object({
  kind: z.literal('kernel'),
  function: z.string(),
  args: z.record(z.string(), z.unknown()),
  ...output,
  tolerance_max_abs: z.number(),
});
const filterSchema = z.object({
  kind: z.literal('filter2D'),
  kernel: z.string().optional(),
  kernels: z.string().optional(),
  ...filtered,
});
const sharpenSchema = z.object({ kind: z.literal('USMSharp'), args: sharpenArgs, ...filtered });
const jpegSchema = z.object({
  kind: z.literal('DiffJPEG'),
  quality: z.number(),
  differentiable: z.boolean(),
  input: z.string(),
  ...output,
  tolerance: z.string(),
});
const noiseSchema = z.object({
  kind: z.literal('gaussian_noise'),
  sigma: z.number(),
  noise: z.string(),
  ...filtered,
});
const pieceSchema = z.discriminatedUnion('kind', [
  kernelSchema,
  filterSchema,
  sharpenSchema,
  jpegSchema,
  noiseSchema,
]);
const caseSchema = z.object({ file: z.string(), cases: z.array(pieceSchema) });
type Piece = z.infer<typeof pieceSchema>;
type Tensors = ReadonlyMap<string, Tensor>;

export async function checkDegradations(directory: string, caseJson: unknown): Promise<Check[]> {
  const { file, cases } = caseSchema.parse(caseJson);
  const { tensors } = await readSafetensorsFile(join(directory, file));
  return cases.map((piece) => checkPiece(piece, tensors));
}

function checkPiece(piece: Piece, tensors: Tensors): CheckResult {
  const expected = toFloat32(requireTensor(tensors, piece.output));
  const actual = evaluate(piece, tensors);
  if (piece.kind === 'DiffJPEG') {
    const { fraction, limit } = parseFractionTolerance(piece.tolerance);
    const error = fractionBeyond(actual, expected, limit);
    return { name: piece.output, error, tolerance: 1 - fraction };
  }
  const error = largestDifference(actual, expected);
  return { name: piece.output, error, tolerance: piece.tolerance_max_abs };
}

function evaluate(piece: Piece, tensors: Tensors): ArrayLike<number> {
  switch (piece.kind) {
    case 'kernel':
      return buildKernel(piece.function, piece.args).weights;
    case 'filter2D': {
      const kernels = readKernels(requireTensor(tensors, piece.kernel ?? piece.kernels ?? ''));
      return mapImages(piece.input, tensors, (image, i) =>
        filter2D(image, kernels[Math.min(i, kernels.length - 1)]),
      );
    }
    case 'USMSharp':
      return mapImages(piece.input, tensors, (image) => unsharpMask(image, piece.args));
    case 'DiffJPEG': {
      const rounding = piece.differentiable ? roundSmoothly : roundHalfEven;
      return mapImages(piece.input, tensors, (image) =>
        jpegRoundTrip(image, piece.quality, rounding),
      );
    }
    case 'gaussian_noise': {
      const noise = splitImages(requireTensor(tensors, piece.noise));
      return mapImages(piece.input, tensors, (image, i) =>
        addNoise(image, noise[i].data, piece.sigma),
      );
    }
  }
}

function buildKernel(name: string, args: unknown): BlurKernel {
  if (name === 'circular_lowpass_kernel') {
    const shape = { cutoff: z.number(), kernel_size: z.number(), pad_to: z.number().default(0) };
    const { cutoff, kernel_size: size, pad_to: padTo } = z.object(shape).parse(args);
    const kernel = sincKernel(size, cutoff);
    return padTo > size ? padKernel(kernel, padTo) : kernel;
  }
  const parsed = z.object({ ...ellipseArgs, beta: z.number().default(1) }).parse(args);
  const { kernel_size: size, sig_x: sigmaX, isotropic, beta } = parsed;
  const sigmaY = isotropic ? sigmaX : parsed.sig_y;
  const ellipse = { sigmaX, sigmaY, rotation: isotropic ? 0 : parsed.theta };
  switch (name) {
    case 'bivariate_Gaussian':
      return gaussianKernel(size, ellipse);
    case 'bivariate_generalized_Gaussian':
      return generalizedGaussianKernel(size, ellipse, beta);
    case 'bivariate_plateau':
      return plateauKernel(size, ellipse, beta);
    default:
      throw new Error(`expected a known kernel function, got ${name}`);
  }
}

/** The kernels of a tensor [K, K] or [N, K, K]. */
function readKernels(kernels: Tensor): BlurKernel[] {
  const size = kernels.shape[kernels.shape.length - 1];
  const weights = toFloat64(kernels);
  const count = weights.length / (size * size);
  return Array.from({ length: count }, (_, i) => ({
    size,
    weights: weights.subarray(i * size * size, (i + 1) * size * size),
  }));
}

/** The images of a tensor [N, C, H, W]. */
function splitImages(batch: Tensor): Image[] {
  const [count, channels, height, width] = batch.shape;
  const data = toFloat32(batch);
  const size = channels * height * width;
  return Array.from({ length: count }, (_, i) =>
    createImage(width, height, channels, data.subarray(i * size, (i + 1) * size)),
  );
}

function mapImages(
  name: string,
  tensors: Tensors,
  apply: (image: Image, index: number) => Image,
): Float32Array {
  const batch = requireTensor(tensors, name);
  const mapped = splitImages(batch).map((image, i) => apply(image, i).data);
  return Float32Array.from(mapped.flatMap((data) => [...data]));
}

function parseFractionTolerance(text: string): { fraction: number; limit: number } {
  const [, percent, limit] = /at least ([\d.]+) % of values within ([\d.e+-]+)/.exec(text) ?? [];
  if (percent === undefined) {
    throw new Error(`expected "at least P % of values within L", got "${text}"`);
  }
  return { fraction: Number(percent) / 100, limit: Number(limit) };
}
