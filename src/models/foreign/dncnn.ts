import type { GraphBuilder, Value } from '../../graph/index.js';
import { conv2d } from '../../nn/index.js';
import { float32, toFloat64, type Tensor, type Weights } from '../../tensor/index.js';
import {
  convShape,
  sequenceLength,
  type ForeignArchitecture,
  type StateShapes,
} from './foreignArchitecture.js';

/** torch's BatchNorm2d, as KAIR makes it. */
const BATCH_NORM_EPS = 1e-4;
const FEWEST_CONVOLUTIONS = 5;

/**
 * KAIR's plain denoisers, told from one another by their channels: DnCNN predicts the noise (as many channels go in as come
 * out), FDnCNN the picture from it and a map of the noise level (one channel more), FFDNet the same of blocks of 2x2 pixels
 * (four times the channels). Batch normalisations are merged into their convolutions.
 */
export function recognizeDncnn(state: StateShapes): ForeignArchitecture | undefined {
  const names = convolutions(state);
  const first = convShape(state, names[0] ?? '');
  const last = convShape(state, names.at(-1) ?? '');
  if (!first || !last || names.length < FEWEST_CONVOLUTIONS || names[0] !== 'model.0') return undefined;
  const isChain = names.every((name, i) => {
    const shape = convShape(state, name);
    const expected = i === 0 ? first[1] : convShape(state, names[i - 1])?.[0];
    return shape?.[1] === expected && shape?.[2] === 3 && shape[3] === 3;
  });
  const kind = kindOf(first[1], last[0]);
  if (!isChain || !kind) return undefined;
  const { architecture, shuffle } = kind;
  const takesNoiseLevel = architecture !== 'DnCNN';
  const colours = last[0] / shuffle ** 2;
  const build = (b: GraphBuilder, sample: Value, noiseLevel: number): Value => {
    const picture = shuffle === 1 ? sample : b.pixelUnshuffle(sample, shuffle);
    let hidden = takesNoiseLevel ? withNoiseLevel(b, picture, noiseLevel) : picture;
    names.forEach((name, i) => {
      hidden = conv2d(b, name, hidden, convShape(state, name)?.[0] ?? 0);
      if (i < names.length - 1) hidden = b.relu(hidden);
    });
    if (architecture === 'DnCNN') return b.sub(sample, hidden);
    return shuffle === 1 ? hidden : b.pixelShuffle(hidden, shuffle);
  };
  return {
    architecture,
    details: `${first[0]} channels, ${names.length} convolutions`,
    scale: 1,
    inChannels: colours,
    outChannels: colours,
    multiple: shuffle,
    takesNoiseLevel,
    build,
    fold: (weights) => mergeNorms(weights, names),
  };
}

function convolutions(state: StateShapes): string[] {
  const length = sequenceLength(state, 'model');
  return Array.from({ length }, (_, i) => `model.${i}`).filter((name) => convShape(state, name));
}

function kindOf(
  inChannels: number,
  outChannels: number,
): { architecture: 'DnCNN' | 'FDnCNN' | 'FFDNet'; shuffle: number } | undefined {
  const isPicture = outChannels === 1 || outChannels === 3;
  if (isPicture && inChannels === outChannels) return { architecture: 'DnCNN', shuffle: 1 };
  if (inChannels !== outChannels + 1) return undefined;
  if (isPicture) return { architecture: 'FDnCNN', shuffle: 1 };
  const isShuffled = outChannels === 4 || outChannels === 12;
  return isShuffled ? { architecture: 'FFDNet', shuffle: 2 } : undefined;
}

function withNoiseLevel(b: GraphBuilder, picture: Value, noiseLevel: number): Value {
  const [n, , height, width] = picture.shape;
  return b.concat([picture, b.expand(b.scalar(noiseLevel), [n, 1, height, width])], 1);
}

/** Weights of the convolutions alone; what has none of its own bias gets one. */
function mergeNorms(weights: Weights, names: readonly string[]): Weights {
  const merged = new Map<string, Tensor>();
  for (const name of names) {
    const weight = weights.get(`${name}.weight`);
    if (!weight) continue;
    const channels = weight.shape[0];
    const index = Number(name.slice('model.'.length));
    const norm = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
      weights.get(`model.${index + 1}.${part}`),
    );
    const bias = weights.get(`${name}.bias`) ?? float32([channels], new Float64Array(channels));
    const [gain, offset, mean, variance] = norm.map((value) => value && toFloat64(value));
    if (!gain || !offset || !mean || !variance) {
      merged.set(`${name}.weight`, weight).set(`${name}.bias`, bias);
      continue;
    }
    const factor = gain.map((value, i) => value / Math.sqrt(variance[i] + BATCH_NORM_EPS));
    const taps = weight.shape[1] * 9;
    const scaled = toFloat64(weight).map((value, i) => value * factor[Math.floor(i / taps)]);
    const shifted = toFloat64(bias).map((value, i) => (value - mean[i]) * factor[i] + offset[i]);
    merged.set(`${name}.weight`, float32(weight.shape, scaled));
    merged.set(`${name}.bias`, float32([channels], shifted));
  }
  return merged;
}
