import { GraphBuilder, type Graph, type Value } from '../../../graph/index.js';
import {
  buildDecodedSample,
  buildLatentParameters,
  gaussianMoments,
  gaussianSample,
  pixelsPerLatent,
  type GaussianAutoencoder,
} from '../../../models/index.js';
import { toSigned } from '../autoencoder/loss.js';
import { lossValue, totalLoss, type WeightedLoss } from '../../losses/losses.js';

/** Crops in a batch, and their side in pixels. */
export interface CropSize {
  readonly batch: number;
  readonly side: number;
}

export interface MomentMatchingOptions extends CropSize {
  readonly momentsWeight: number;
  /** Between the decoder's picture and the crop, both in [-1, 1]. */
  readonly losses: readonly WeightedLoss[];
  /** Of L1 between the decoders; 0 leaves the teacher's out. */
  readonly decoderWeight: number;
}

/**
 * What a VAE learns from: inputs `sample` `[N, 3, side, side]` in [0, 1] and `noise`, standard normal, of the
 * latents' shape; outputs `mean` and `std` of the latents, `latents` drawn from them, not scaled, and where
 * `decodes` `decoded`, what the decoder makes of those.
 */
export function teacherMomentsGraph(
  teacher: GaussianAutoencoder,
  size: CropSize,
  decodes: boolean,
): Graph {
  const b = new GraphBuilder();
  const sample = toSigned(b, b.input('sample', pictureShape(size)));
  const gaussian = gaussianMoments(b, buildLatentParameters(b, teacher, sample));
  const latents = gaussianSample(b, gaussian, b.input('noise', latentShape(teacher, size)));
  const { mean, std } = gaussian;
  const outputs = { mean, std, latents };
  return b.build(
    decodes ? { ...outputs, decoded: buildDecodedSample(b, teacher, latents) } : outputs,
  );
}

/**
 * What a VAE is distilled by (NanoSD, arXiv 2601.09823): the encoder by the squared errors of the mean and the
 * deviation of its latents, on the U-Net's scale; the decoder by the crop that it should make of the teacher's
 * latents. Inputs `sample` in [0, 1] and the outputs of `teacherMomentsGraph`; scalar output `loss`.
 */
export function momentMatchingGraph(
  student: GaussianAutoencoder,
  options: MomentMatchingOptions,
): Graph {
  const { momentsWeight, losses, decoderWeight } = options;
  const b = new GraphBuilder();
  const sample = toSigned(b, b.input('sample', pictureShape(options)));
  const shape = latentShape(student, options);
  const [mean, std] = [b.input('mean', shape), b.input('std', shape)];
  const picture = buildDecodedSample(b, student, b.input('latents', shape));
  const terms = [
    b.scale(momentErrors(b, student, sample, { mean, std }), momentsWeight),
    totalLoss(b, losses, picture, sample),
  ];
  if (decoderWeight > 0) {
    const decoded = b.input('decoded', picture.shape);
    terms.push(b.scale(lossValue(b, { kind: 'l1' }, picture, decoded), decoderWeight));
  }
  const loss = terms.reduce((sum, term) => b.add(sum, term));
  return { ...b.build({ loss }), taps: [] };
}

function momentErrors(
  b: GraphBuilder,
  student: GaussianAutoencoder,
  sample: Value,
  teacher: { readonly mean: Value; readonly std: Value },
): Value {
  const own = gaussianMoments(b, buildLatentParameters(b, student, sample));
  const [mean, std] = (['mean', 'std'] as const).map((moment) =>
    lossValue(b, { kind: 'l2' }, own[moment], teacher[moment]),
  );
  return b.scale(b.add(mean, std), student.config.scalingFactor ** 2);
}

/** Of a batch's latents. */
export function latentShape(
  network: GaussianAutoencoder,
  { batch, side }: CropSize,
): readonly number[] {
  const cells = side / pixelsPerLatent(network);
  return [batch, network.config.latentChannels, cells, cells];
}

function pictureShape({ batch, side }: CropSize): readonly number[] {
  return [batch, 3, side, side];
}
