import type { ModelProto, ValueInfoProto } from 'onnx-buf';
import {
  appendGraph,
  graphCost,
  GraphBuilder,
  type Executor,
  type Graph,
  type Value,
} from '../graph/index.js';
import type { ForeignNetwork, PictureSize, ValueRange } from '../models/index.js';
import { float32, toFloat32 } from '../tensor/index.js';
import { fromModelProto, type ImportOptions, type ImportedModel } from './import.js';

const colourChannels: readonly number[] = [1, 3, 4];
const multiples = [1, 2, 4, 8, 16, 32, 64] as const;
/** The first that fits a picture best is taken. */
const ranges: readonly ValueRange[] = [
  [0, 1],
  [0, 255],
  [-1, 1],
];
/** Sides of what a network is tried on, at least. */
const PROBE_SIDE = 24;

/** How a picture lies in the input of a model. */
interface Layout {
  readonly name: string;
  readonly channels: number;
  readonly channelsLast: boolean;
  /** The only size that it takes. */
  readonly fixedSize: ForeignNetwork['fixedSize'];
  /** What is left to say of its dimensions, for a size. */
  readonly dimensions: (size: PictureSize) => Readonly<Record<string, number>>;
}

/**
 * An ONNX model of one picture in and one picture out, on our graph. What the file does not say is found by trying: the
 * multiple that sizes must be of and the scale by inferring shapes, the range of values by what a test picture becomes on
 * `executor`.
 * @throws Error for a model that is something else, or has what cannot be read.
 */
export async function foreignOnnxNetwork(
  model: ModelProto,
  executor: Executor,
  options: Pick<ImportOptions, 'externalData'> = {},
): Promise<ForeignNetwork> {
  const layout = layoutOf(model);
  const read = (size: PictureSize): ImportedModel =>
    fromModelProto(model, { ...options, dimensions: layout.dimensions(size) });
  const { multiple, size } = findMultiple(read, layout);
  const { graph: probed, weights } = read(size);
  const shape = pictureShape(outputOf(probed), layout.channelsLast);
  const [outChannels, height] = shape;
  const scale = height / size.height;
  const inRange = (range: ValueRange): ForeignNetwork['graph'] => {
    return (wanted) => wrap(read(wanted).graph, layout, wanted, range);
  };
  const valueRange = await findRange(executor, inRange, weights, size);
  const { parameters } = graphCost(probed);
  return {
    architecture: 'ONNX',
    details: `${parameters.toLocaleString('en')} parameters, made by ${model.producerName || 'an unknown program'}`,
    scale,
    inChannels: layout.channels,
    outChannels,
    multiple,
    fixedSize: layout.fixedSize,
    valueRange,
    takesNoiseLevel: false,
    graph: inRange(valueRange),
    weights,
  };
}

/** The picture that a model takes. */
function layoutOf({ graph }: ModelProto): Layout {
  const initializers = new Set(graph?.initializer.map(({ name }) => name));
  const inputs = graph?.input.filter(({ name }) => !initializers.has(name)) ?? [];
  if (inputs.length !== 1 || graph?.output.length !== 1) {
    const names = (values: readonly ValueInfoProto[] = []): string =>
      `${values.length} (${values
        .slice(0, 4)
        .map(({ name }) => name)
        .join(', ')})`;
    throw new Error(
      `expected a model of one picture in and one out, got ${names(inputs)} in and ${names(graph?.output)} out`,
    );
  }
  const [input] = inputs;
  const dims = dimensionsOf(input);
  if (dims.length !== 4) throw notAPicture(input, dims);
  const channelsLast = !isColour(dims[1]) && isColour(dims[3]);
  const channels = channelsLast ? dims[3] : dims[1];
  if (!isColour(channels)) throw notAPicture(input, dims);
  const [h, w] = channelsLast ? [dims[1], dims[2]] : [dims[2], dims[3]];
  if ((typeof h === 'number') !== (typeof w === 'number')) throw notAPicture(input, dims);
  const fixedSize = typeof h === 'number' && typeof w === 'number' ? { height: h, width: w } : null;
  return {
    name: input.name,
    channels,
    channelsLast,
    fixedSize,
    dimensions: ({ batch, height, width }) => ({
      ...(typeof dims[0] === 'string' && { [dims[0]]: batch }),
      ...(typeof h === 'string' && { [h]: height }),
      ...(typeof w === 'string' && { [w]: width }),
    }),
  };
}

/** The lengths of an input's axes, or what they are called where they are free. */
function dimensionsOf({ name, type }: ValueInfoProto): (number | string)[] {
  if (type?.value.case !== 'tensorType') return [];
  const dims = type.value.value.shape?.dim ?? [];
  return dims.map(({ value }, axis) => {
    if (value.case === 'dimValue' && Number(value.value) > 0) return Number(value.value);
    return value.case === 'dimParam' && value.value !== '' ? value.value : `${name}.${axis}`;
  });
}

function isColour(length: number | string | undefined): length is number {
  return typeof length === 'number' && colourChannels.includes(length);
}

function notAPicture({ name }: ValueInfoProto, dims: readonly (number | string)[]): Error {
  const got = `[${dims.join(', ')}]`;
  return new Error(`expected an input of [N, 1, 3 or 4, H, W], got ${name} ${got}`);
}

type Read = (size: PictureSize) => { readonly graph: Graph };

/** The smallest multiple at odd numbers of which a model gives a picture, and a size of it. */
function findMultiple(read: Read, layout: Layout): { multiple: number; size: PictureSize } {
  if (layout.fixedSize) {
    const size = { batch: 1, ...layout.fixedSize };
    checkPicture(read(size).graph, layout, size);
    return { multiple: 1, size };
  }
  let problem: unknown;
  for (const multiple of multiples) {
    const odd = 2 * Math.ceil(PROBE_SIDE / multiple / 2) + 1;
    const size = { batch: 1, height: multiple * odd, width: multiple * (odd + 2) };
    try {
      checkPicture(read(size).graph, layout, size);
      return { multiple, size };
    } catch (error) {
      problem ??= error;
    }
  }
  throw problem;
}

/** @throws Error where the output is not the input at a whole number of times its size. */
function checkPicture(graph: Graph, layout: Layout, { height, width }: PictureSize): void {
  const { shape } = outputOf(graph);
  const [channels, outHeight, outWidth] = pictureShape(outputOf(graph), layout.channelsLast);
  const scale = outHeight / height;
  const fits = shape.length === 4 && colourChannels.includes(channels);
  if (fits && Number.isInteger(scale) && scale >= 1 && outWidth === width * scale) return;
  const size = `${width}x${height}`;
  throw new Error(
    `expected a picture a whole number of times the size of the input, got [${shape.join(', ')}] for one of ${size}`,
  );
}

function outputOf(graph: Graph): Value {
  return Object.values(graph.outputs)[0];
}

/** `[C, H, W]`. */
function pictureShape({ shape }: Value, channelsLast: boolean): readonly [number, number, number] {
  return channelsLast ? [shape[3], shape[1], shape[2]] : [shape[1], shape[2], shape[3]];
}

/** The model with its input and output as `ForeignNetwork` has them. */
function wrap(
  model: Graph,
  { name, channels, channelsLast }: Layout,
  { batch, height, width }: PictureSize,
  [black, white]: ValueRange,
): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [batch, channels, height, width]);
  const [input] = model.inputs;
  const ranged = b.shift(b.scale(sample, white - black), black);
  const turned = channelsLast ? b.transpose(ranged, [0, 2, 3, 1]) : ranged;
  const typed = input.dtype === 'float32' ? turned : b.apply('cast', [turned], { to: input.dtype });
  const { outputs } = appendGraph(b, model, { [name]: typed });
  const [out] = Object.values(outputs);
  const single = out.dtype === 'float32' ? out : b.apply('cast', [out], { to: 'float32' });
  const first = channelsLast ? b.transpose(single, [0, 3, 1, 2]) : single;
  return b.build({ out_sample: b.scale(b.shift(first, -black), 1 / (white - black)) });
}

/** The range in which what comes out is nearest to what went in. */
async function findRange(
  executor: Executor,
  inRange: (range: ValueRange) => ForeignNetwork['graph'],
  weights: ForeignNetwork['weights'],
  size: PictureSize,
): Promise<ValueRange> {
  let best: { range: ValueRange; error: number } | undefined;
  for (const range of ranges) {
    const error = await probe(executor, inRange(range)(size), weights);
    // A network that is nearly linear gives the same in every range: the first is the usual one.
    if (!best || error < 0.98 * best.error) best = { range, error };
  }
  return best?.range ?? ranges[0];
}

/** The mean squared difference between a test picture and what it becomes, averaged to its size. */
async function probe(
  executor: Executor,
  graph: Graph,
  weights: ForeignNetwork['weights'],
): Promise<number> {
  const [{ shape }] = graph.inputs;
  const [, channels, height, width] = shape;
  const picture = Float32Array.from({ length: channels * height * width }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    return 0.2 + (0.4 * x) / width + (0.2 * y) / height + (x + y > height ? 0.15 : 0);
  });
  await using session = await executor.load(graph, weights);
  const { out_sample: out } = await session.run({ sample: float32(shape, picture) });
  const [, , outHeight] = out.shape;
  const values = toFloat32(out);
  const scale = outHeight / height;
  const outChannels = out.shape[1];
  let sum = 0;
  for (let c = 0; c < outChannels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let mean = 0;
        for (let i = 0; i < scale * scale; i++) {
          const row = (c * outHeight + y * scale + Math.floor(i / scale)) * width * scale;
          mean += values[row + x * scale + (i % scale)] / (scale * scale);
        }
        const wanted = picture[((c % channels) * height + y) * width + x];
        sum += (mean - wanted) ** 2;
      }
    }
  }
  const error = sum / (outChannels * height * width);
  return Number.isFinite(error) ? error : Infinity;
}
