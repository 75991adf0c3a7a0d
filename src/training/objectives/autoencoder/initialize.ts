import type { Graph } from '../../../graph/index.js';
import type { AutoencoderKLConfig } from '../../../models/index.js';
import type { Random, Tensor } from '../../../tensor/index.js';
import { initializeWeights } from '../initialize.js';

type FloatWeights = Map<string, Tensor<'float32'>>;

/** Of the constant channels: large beside pixels, so that a group's norm hardly depends on the picture. */
const REFERENCE = 3;

/** Standard deviation that latents start with: noise as strong as the signal would teach the decoder not to look. */
const LOG_VARIANCE = -8;

/**
 * Initial weights of an `AutoencoderKL`: one that averages 4x4 (2x2, ...) pixels and enlarges them again, among
 * random features. Each colour flows through the trunk in a group of its own as x, -x and two opposite constants:
 * SiLU(x) - SiLU(-x) = x, and the constants keep the group norm from taking brightness and contrast away, which
 * a network that starts at random spends thousands of steps on. Residual branches start at a tenth.
 * Networks whose groups have no room for that, fewer than three groups or than four channels in each, start at random.
 */
export function initializeAutoencoder(
  graph: Graph,
  config: AutoencoderKLConfig,
  random: Random,
): FloatWeights {
  const weights = initializeWeights(graph, random, (name) => {
    return /(conv2|to_out\.0)\.weight$/.test(name) ? 0.1 : 1;
  });
  const { normNumGroups: groups, blockOutChannels, inChannels, latentChannels } = config;
  const smallest = Math.min(...blockOutChannels) / groups;
  if (groups >= COLOURS && smallest >= 4 && inChannels === COLOURS && latentChannels >= COLOURS) {
    carryColours(weights, groups);
  }
  const bias = weights.get('quant_conv.bias');
  bias?.data.fill(LOG_VARIANCE, bias.data.length / 2);
  return weights;
}

const COLOURS = 3;

/** A kernel tap and its weight. */
type Tap = readonly [row: number, column: number, weight: number];

const centre: readonly Tap[] = [[1, 1, 1]];
/** Of a 3x3 kernel with stride 2 and zeros at the right and the bottom. */
const average: readonly Tap[] = [0, 1].flatMap((y) => [0, 1].map((x): Tap => [y, x, 1 / 4]));
const smooth: readonly Tap[] = [1, 2, 1].flatMap((a, y) =>
  [1, 2, 1].map((b, x): Tap => [y, x, (a * b) / 16]),
);

/** A channel and the weight that it is read or written with. */
type Channel = readonly [channel: number, weight: number];
type ChannelsOf = (colour: number) => readonly Channel[];

const plain: ChannelsOf = (colour) => [[colour, 1]];
/** x and -x, the first two channels of a group. */
const pair =
  (groupSize: number, weight: number): ChannelsOf =>
  (colour) => [
    [groupSize * colour, weight],
    [groupSize * colour + 1, -weight],
  ];

interface Convolution {
  readonly weight: Tensor<'float32'>;
  readonly bias: Float32Array;
}

function carryColours(weights: FloatWeights, groups: number): void {
  for (const [name, weight] of weights) {
    const part = name.replace(/\.weight$/, '');
    const bias = weights.get(`${part}.bias`)?.data;
    if (part === name || !bias || weight.shape.length !== 4) continue;
    const convolution = { weight, bias };
    const [outputs, inputs] = weight.shape.map((channels) => channels / groups);
    const trunk = (from: ChannelsOf, taps: readonly Tap[]): void => {
      if (!part.endsWith('.conv_in')) ignoreReferences(convolution, inputs);
      writeRows(convolution, from, pair(outputs, 1), taps);
      writeReferences(convolution, outputs);
    };
    const both = pair(inputs, 1 / 2);
    if (part === 'quant_conv' || part === 'post_quant_conv') {
      writeRows(convolution, plain, plain, [[0, 0, 1]]);
    } else if (part.endsWith('.conv_in')) trunk(plain, centre);
    else if (part.endsWith('.conv_shortcut')) trunk(both, [[0, 0, 1]]);
    else if (part.endsWith('downsamplers.0.conv')) trunk(both, average);
    else if (part.endsWith('upsamplers.0.conv')) trunk(both, smooth);
    else if (part.endsWith('.conv2')) silence(convolution, outputs);
    else if (part.endsWith('.conv_out')) {
      writeRows(convolution, pair(inputs, normOf(inputs)), plain, centre);
    }
  }
}

/** About what a group norm divides a colour's group by: two references, the pair, and random features. */
function normOf(groupSize: number): number {
  return Math.sqrt((2 * REFERENCE ** 2 + (groupSize - 2) / 2) / groupSize);
}

/** Rows of the kernel that give the colours of `to` from the channels of `from`, and nothing else. */
function writeRows(
  convolution: Convolution,
  from: ChannelsOf,
  to: ChannelsOf,
  taps: readonly Tap[],
): void {
  const { data, shape } = convolution.weight;
  const [, , rows, columns] = shape;
  for (let colour = 0; colour < COLOURS; colour++) {
    for (const [output, sign] of to(colour)) {
      const row = clearRow(convolution, output);
      for (const [input, weight] of from(colour)) {
        for (const [y, x, tap] of taps) {
          data[row + (input * rows + y) * columns + x] = sign * weight * tap;
        }
      }
    }
  }
}

/** The third and fourth channel of each colour's group become constants. */
function writeReferences(convolution: Convolution, groupSize: number): void {
  for (let colour = 0; colour < COLOURS; colour++) {
    for (const [i, value] of [REFERENCE, -REFERENCE].entries()) {
      const output = groupSize * colour + 2 + i;
      clearRow(convolution, output);
      convolution.bias[output] = value;
    }
  }
}

/** Random features that read the constants would outweigh the colours. */
function ignoreReferences({ weight }: Convolution, groupSize: number): void {
  const [outputs, inputs, rows, columns] = weight.shape;
  const kernel = rows * columns;
  for (let output = 0; output < outputs; output++) {
    for (let colour = 0; colour < COLOURS; colour++) {
      const first = (output * inputs + groupSize * colour + 2) * kernel;
      weight.data.fill(0, first, first + 2 * kernel);
    }
  }
}

/** What residual branches add to colours and references. */
function silence(convolution: Convolution, groupSize: number): void {
  for (let colour = 0; colour < COLOURS; colour++) {
    for (let i = 0; i < 4; i++) clearRow(convolution, groupSize * colour + i);
  }
}

/** Where the row begins. */
function clearRow({ weight, bias }: Convolution, output: number): number {
  const length = weight.data.length / weight.shape[0];
  weight.data.fill(0, output * length, (output + 1) * length);
  bias[output] = 0;
  return output * length;
}
