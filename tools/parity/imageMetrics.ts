// PSNR, SSIM, NIQE, luma and imresize against a case of kind `image_quality_metrics_and_resize`.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { studioLuma } from '../../src/image/colour.js';
import { cropImage } from '../../src/image/geometry.js';
import { imageFromBytes, imageToBytes, type Image } from '../../src/image/image.js';
import { niqe, niqeModelFromWeights, type NiqeModel } from '../../src/image/metrics/niqe.js';
import { psnr } from '../../src/image/metrics/psnr.js';
import { ssim } from '../../src/image/metrics/ssim.js';
import { imresize } from '../../src/image/resample.js';
import { readImage } from '../../src/image/sharp-node.js';
import { toFloat32, type Tensor } from '../../src/tensor/index.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import {
  fractionBeyond,
  largestDifference,
  requireTensor,
  type Check,
  type CheckResult,
} from './check.js';

const scores = z.record(z.string(), z.record(z.string(), z.number()));
const pairSchema = z.object({
  index: z.number(),
  reference: z.string(),
  distorted: z.string(),
  metrics: scores,
  niqe: scores,
});
const caseSchema = z.object({
  pairs: z.array(pairSchema),
  tolerance: z.object({ psnr_abs_db: z.number(), ssim_abs: z.number(), niqe_rel: z.number() }),
  niqe_params: z.string(),
  y_channel: z.object({ input: z.string(), output: z.string(), tolerance_abs: z.number() }),
  imresize: z.object({
    file: z.string(),
    cases: z.array(
      z.object({
        input: z.string(),
        scale: z.number(),
        outputs: z.tuple([z.string(), z.string()]),
      }),
    ),
    tolerance: z.object({
      float_max_abs: z.number(),
      u8_max_diff: z.number(),
      u8_fraction_different: z.number(),
    }),
  }),
});
type MetricsCase = z.infer<typeof caseSchema>;
type Pair = z.infer<typeof pairSchema>;

export async function checkImageMetrics(directory: string, caseJson: unknown): Promise<Check[]> {
  const metricsCase = caseSchema.parse(caseJson);
  const { tensors } = await readSafetensorsFile(join(directory, metricsCase.imresize.file));
  const pristine = await readReferenceNiqe(directory, metricsCase.niqe_params);
  const checks: Check[] = [];
  for (const pair of metricsCase.pairs) {
    const reference = await readImage(join(directory, pair.reference));
    const distorted = await readImage(join(directory, pair.distorted));
    checks.push(...checkPair(pair, reference, distorted, metricsCase));
    if (!pristine) continue;
    const images = new Map([
      ['reference', reference],
      ['distorted', distorted],
    ]);
    checks.push(...checkNiqe(pair, images, pristine, metricsCase.tolerance.niqe_rel));
  }
  if (!pristine) checks.push({ name: 'niqe', skipped: `no ${metricsCase.niqe_params}` });
  checks.push(await checkLuma(directory, metricsCase.y_channel, tensors));
  return [...checks, ...checkResize(metricsCase.imresize, tensors)];
}

/** The model lies beside the case, or, for sets that leave it out, in the public set next to this project. */
async function readReferenceNiqe(
  directory: string,
  description: string,
): Promise<NiqeModel | undefined> {
  const [file] = description.split(' ');
  const publicSet = fileURLToPath(
    new URL('../../../shared/goldens/image_metrics/', import.meta.url),
  );
  const path = [directory, join(directory, '..', 'image_metrics'), publicSet]
    .map((folder) => join(folder, file))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  return niqeModelFromWeights((await readSafetensorsFile(path)).tensors);
}

function checkPair(
  pair: Pair,
  reference: Image,
  distorted: Image,
  { tolerance }: MetricsCase,
): CheckResult[] {
  return Object.entries(pair.metrics).flatMap(([key, expected]) => {
    const [, channels, border] = /^(rgb|y)_crop(\d+)$/.exec(key) ?? [];
    if (channels !== 'rgb' && channels !== 'y') {
      throw new Error(`expected metrics named rgb_crop0 or y_crop4, got ${key}`);
    }
    const options = { channels, cropBorder: Number(border) } as const;
    const name = `pair ${pair.index} ${key}`;
    const psnrError = Math.abs(psnr(reference, distorted, options) - expected.psnr);
    const ssimError = Math.abs(ssim(reference, distorted, options) - expected.ssim);
    return [
      { name: `${name} psnr`, error: psnrError, tolerance: tolerance.psnr_abs_db },
      { name: `${name} ssim`, error: ssimError, tolerance: tolerance.ssim_abs },
    ];
  });
}

function checkNiqe(
  pair: Pair,
  images: ReadonlyMap<string, Image>,
  pristine: NiqeModel,
  tolerance: number,
): CheckResult[] {
  return Object.entries(pair.niqe).flatMap(([role, byBorder]) =>
    Object.entries(byBorder).map(([key, expected]) => {
      const image = images.get(role);
      const [, border] = /^crop(\d+)$/.exec(key) ?? [];
      if (!image || border === undefined) {
        throw new Error(
          `expected NIQE of reference or distorted at crop0 or so, got ${role} ${key}`,
        );
      }
      const error = Math.abs(niqe(image, pristine, Number(border)) - expected) / expected;
      return { name: `pair ${pair.index} niqe ${role} ${key}`, error, tolerance };
    }),
  );
}

async function checkLuma(
  directory: string,
  { input, output, tolerance_abs: tolerance }: MetricsCase['y_channel'],
  tensors: ReadonlyMap<string, Tensor>,
): Promise<CheckResult> {
  const [, file, ...bounds] =
    /^(\S+) rows (\d+)\.\.(\d+), columns (\d+)\.\.(\d+)$/.exec(input) ?? [];
  if (file === undefined)
    throw new Error(`expected "FILE rows A..B, columns C..D", got "${input}"`);
  const [top, bottom, left, right] = bounds.map(Number);
  const image = await readImage(join(directory, file));
  const crop = cropImage(image, left, top, right - left + 1, bottom - top + 1);
  const expected = toFloat32(requireTensor(tensors, output));
  return { name: 'luma', error: largestDifference(studioLuma(crop), expected), tolerance };
}

function checkResize(
  { cases, tolerance }: MetricsCase['imresize'],
  tensors: ReadonlyMap<string, Tensor>,
): CheckResult[] {
  return cases.flatMap(({ input, scale, outputs: [floatName, byteName] }) => {
    const { shape, data } = requireTensor(tensors, input);
    if (!(data instanceof Uint8Array)) throw new Error(`expected bytes in ${input}`);
    const [height, width, channels] = shape;
    const resized = imresize(imageFromBytes(data, width, height, channels), { scale });
    const floats = interleave(resized);
    const bytes = imageToBytes(resized);
    const expectedBytes = toFloat32(requireTensor(tensors, byteName));
    return [
      {
        name: floatName,
        error: largestDifference(floats, toFloat32(requireTensor(tensors, floatName))),
        tolerance: tolerance.float_max_abs,
      },
      {
        name: `${byteName} difference`,
        error: largestDifference(bytes, expectedBytes),
        tolerance: tolerance.u8_max_diff,
      },
      {
        name: `${byteName} fraction`,
        error: fractionBeyond(bytes, expectedBytes, 0),
        tolerance: tolerance.u8_fraction_different,
      },
    ];
  });
}

/** [C, H, W] to [H, W, C]. */
function interleave({ channels, data }: Image): Float32Array {
  const size = data.length / channels;
  return data.map((_, i) => data[(i % channels) * size + Math.floor(i / channels)]);
}
