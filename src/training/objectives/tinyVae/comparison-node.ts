import { graphCost, GraphBuilder, type Executor } from '../../../graph/index.js';
import { createImage, cropImage, psnr, quantizeImage, type Image } from '../../../image/index.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { readPhotoFile } from '../../data/photoFolder-node.js';
import {
  buildLatentParameters,
  ConfigError,
  decoderOf,
  encoderOf,
  gaussianMoments,
  pixelsPerLatent,
  type GaussianAutoencoder,
} from '../../../models/index.js';
import { tensor, toFloat32, toFloat64, type Tensor, type Weights } from '../../../tensor/index.js';
import {
  compareLatents,
  relativeError,
  type ChannelStatistics,
} from '../../latents/latentStatistics.js';

/** A VAE ready to be measured. */
export interface MeasuredAutoencoder {
  readonly network: GaussianAutoencoder;
  /** float32. */
  readonly weights: Weights;
}

/** One number of the teacher, and the same of the student. */
export interface Pair {
  readonly teacher: number;
  readonly student: number;
}

/** How a VAE compares with the one that it was distilled from, over middles of photographs. */
export interface AutoencoderComparison {
  readonly photos: number;
  /** Side of the squares, in pixels. */
  readonly side: number;
  /** Of the means of the latents, on the U-Net's scale, a channel. */
  readonly latents: readonly {
    readonly teacher: ChannelStatistics;
    readonly student: ChannelStatistics;
  }[];
  /** Root of the squared error over the squared deviation of the teacher's means; over the squares of its deviations. */
  readonly momentError: { readonly mean: number; readonly std: number };
  /** Between latents and what encoding their decoded picture gives, relative as `momentError.mean`. */
  readonly cycleError: Pair;
  /** In dB, RGB: encoded and decoded again. */
  readonly psnr: Pair & {
    /** The student's decoder on the teacher's latents. */
    readonly studentDecoder: number;
  };
  readonly parameters: { readonly encoder: Pair; readonly decoder: Pair };
  /** Of one such square. */
  readonly gmac: { readonly encoder: Pair; readonly decoder: Pair };
  /** Median milliseconds of one such square. */
  readonly ms: { readonly encoder: Pair; readonly decoder: Pair };
}

/** Photographs that are looked at, and the longest side of the squares. */
const PHOTOS = 24;
const SIDE = 256;

/**
 * Measures a VAE against its teacher.
 * @throws ConfigError when no photograph is as large as a cell of the latents.
 */
export async function compareAutoencoders(
  executor: Executor,
  pair: { readonly teacher: MeasuredAutoencoder; readonly student: MeasuredAutoencoder },
  photos: readonly PhotoFile[],
): Promise<AutoencoderComparison> {
  const squares = await readSquares(photos, pixelsPerLatent(pair.teacher.network));
  const side = squares[0].width;
  await using teacher = await openCoder(executor, pair.teacher, side);
  await using student = await openCoder(executor, pair.student, side);
  const results = {
    teacher: await measure(teacher, squares),
    student: await measure(student, squares),
  };
  const decoded = await Promise.all(results.teacher.map(({ mean }) => student.decode(mean)));
  const both = <T>(of: (name: 'teacher' | 'student') => T) => ({
    teacher: of('teacher'),
    student: of('student'),
  });
  const coders = { teacher, student };
  const means = both((name) => results[name].map(({ mean }) => toFloat64(mean)));
  const stds = both((name) => results[name].map(({ std }) => toFloat64(std)));
  const scale = pair.teacher.network.config.scalingFactor;
  const channels = pair.teacher.network.config.latentChannels;
  return {
    photos: squares.length,
    side,
    latents: compareLatents(means, channels, scale),
    momentError: {
      mean: relativeError(means.student, means.teacher, channels),
      std: relativeError(stds.student, stds.teacher, null),
    },
    cycleError: both((name) =>
      relativeError(
        results[name].map(({ cycled }) => toFloat64(cycled)),
        means[name],
        channels,
      ),
    ),
    psnr: {
      ...both((name) =>
        meanPsnr(
          squares,
          results[name].map(({ picture }) => picture),
        ),
      ),
      studentDecoder: meanPsnr(squares, decoded),
    },
    parameters: {
      encoder: both((name) => coders[name].costs.encoder.parameters),
      decoder: both((name) => coders[name].costs.decoder.parameters),
    },
    gmac: {
      encoder: both((name) => coders[name].costs.encoder.macs / 1e9),
      decoder: both((name) => coders[name].costs.decoder.macs / 1e9),
    },
    ms: {
      encoder: both((name) => median(results[name].map(({ encodeMs }) => encodeMs))),
      decoder: both((name) => median(results[name].map(({ decodeMs }) => decodeMs))),
    },
  };
}

/** Rows for a table: what, the teacher's, the student's. */
export function comparisonRows(report: AutoencoderComparison): string[][] {
  const { momentError, cycleError, psnr: quality, parameters, gmac, ms, side } = report;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const row = (name: string, { teacher, student }: Pair, write: (value: number) => string) => [
    name,
    write(teacher),
    write(student),
  ];
  const count = (value: number): string => value.toLocaleString('en-US');
  return [
    ['error of the latents’ mean', '', percent(momentError.mean)],
    ['error of the latents’ deviation', '', percent(momentError.std)],
    row('cycle error (decoded, encoded again)', cycleError, percent),
    row('reconstruction, PSNR (dB)', quality, (value) => value.toFixed(2)),
    ['decoder on the teacher’s latents, PSNR (dB)', '', quality.studentDecoder.toFixed(2)],
    row('encoder, parameters', parameters.encoder, count),
    row('decoder, parameters', parameters.decoder, count),
    row(`encoder, GMAC at ${side} x ${side}`, gmac.encoder, (value) => value.toFixed(2)),
    row(`decoder, GMAC at ${side} x ${side}`, gmac.decoder, (value) => value.toFixed(2)),
    row(`encoder, ms at ${side} x ${side}`, ms.encoder, (value) => value.toFixed(1)),
    row(`decoder, ms at ${side} x ${side}`, ms.decoder, (value) => value.toFixed(1)),
  ];
}

/** The middles of photographs, all of the same size: a multiple of `factor`, at most `SIDE`. */
async function readSquares(photos: readonly PhotoFile[], factor: number): Promise<Image[]> {
  const step = Math.max(1, photos.length / PHOTOS);
  const chosen = photos.filter((_, i) => Math.floor(i / step) > Math.floor((i - 1) / step));
  const images = await Promise.all(chosen.slice(0, PHOTOS).map(readPhotoFile));
  const shortest = Math.min(...images.map(({ width, height }) => Math.min(width, height)));
  const side = Math.floor(Math.min(SIDE, shortest) / factor) * factor;
  if (side === 0) throw new ConfigError(`expected photographs of at least ${factor} pixels a side`);
  return images.map((image) => {
    const [left, top] = [image.width, image.height].map((length) => (length - side) >> 1);
    return cropImage(image, left, top, side, side);
  });
}

interface Coder extends AsyncDisposable {
  encode(picture: Image): Promise<{ readonly mean: Tensor; readonly std: Tensor }>;
  decode(latents: Tensor): Promise<Image>;
  readonly costs: Record<'encoder' | 'decoder', ReturnType<typeof graphCost>>;
}

async function openCoder(
  executor: Executor,
  { network, weights }: MeasuredAutoencoder,
  side: number,
): Promise<Coder> {
  const cells = side / pixelsPerLatent(network);
  const b = new GraphBuilder();
  const sample = b.input('sample', [1, network.config.inChannels, side, side]);
  const { mean, std } = gaussianMoments(b, buildLatentParameters(b, network, sample));
  const encoder = { ...b.build({ mean, std }), taps: [] };
  const decoder = { ...decoderOf(network, { batch: 1, height: cells, width: cells }), taps: [] };
  const encoding = await executor.load(encoder, weights);
  const decoding = await executor.load(decoder, weights);
  return {
    async encode({ data }) {
      const signed = data.map((value) => 2 * value - 1);
      const outputs = await encoding.run({ sample: tensor('float32', [1, 3, side, side], signed) });
      return { mean: outputs.mean, std: outputs.std };
    },
    async decode(latent_sample) {
      const { sample: decoded } = await decoding.run({ latent_sample });
      const pixels = toFloat32(decoded).map((value) => value / 2 + 0.5);
      return quantizeImage(createImage(side, side, 3, pixels));
    },
    costs: {
      encoder: graphCost(encoderOf(network, { batch: 1, height: side, width: side })),
      decoder: graphCost(decoder),
    },
    async [Symbol.asyncDispose]() {
      await encoding[Symbol.asyncDispose]();
      await decoding[Symbol.asyncDispose]();
    },
  };
}

interface Measured {
  readonly mean: Tensor;
  readonly std: Tensor;
  readonly picture: Image;
  /** The mean of the picture's latents. */
  readonly cycled: Tensor;
  readonly encodeMs: number;
  readonly decodeMs: number;
}

async function measure(coder: Coder, squares: readonly Image[]): Promise<Measured[]> {
  // The first run of a session is slower.
  await coder.decode((await coder.encode(squares[0])).mean);
  const measured: Measured[] = [];
  for (const square of squares) {
    const begun = performance.now();
    const { mean, std } = await coder.encode(square);
    const between = performance.now();
    const picture = await coder.decode(mean);
    const decodeMs = performance.now() - between;
    const { mean: cycled } = await coder.encode(picture);
    measured.push({ mean, std, picture, cycled, encodeMs: between - begun, decodeMs });
  }
  return measured;
}

function meanPsnr(squares: readonly Image[], pictures: readonly Image[]): number {
  const scores = squares.map((square, i) =>
    psnr(square, pictures[i], { channels: 'rgb', cropBorder: 0 }),
  );
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
