import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { GraphProto, ModelProto, TensorProto } from 'onnx-buf';
import type { Graph } from '../graph/index.js';
import type { Tensor, Weights } from '../tensor/index.js';
import { openFile } from '../weights/file-node.js';
import { sourceOf, type TensorSource } from '../weights/index.js';
import { replaceFile } from '../weights/replace-file-node.js';
import { placedBytes, placeWeights } from './externalWeights.js';
import { decodeModel, fromModelProto, type ImportedModel, type ImportOptions } from './import.js';
import { encodeModel, toModelProto } from './model.js';
import { isExternal } from './readProto.js';

export interface WriteOnnxOptions {
  /**
   * Whether the weights are in the model file (up to 2 GB, the default) or in a file beside it,
   * `<model>.data`, which has no limit and can be mapped into memory.
   */
  readonly externalData?: 'inline' | 'beside';
}

/** Protocol buffers end at 2 GiB; the rest is for the graph. */
const largestInline = 2 ** 31 - 64 * 2 ** 20;

/**
 * Writes a graph and its weights as an ONNX model. A source, such as a checkpoint, is read one tensor at a time and
 * keeps its dtypes. Each file is replaced whole, the data before the model that refers to it.
 * @throws Error listing every weight that is missing or does not fit; WeightsError when the system refuses.
 */
export async function writeOnnxModel(
  path: string,
  graph: Graph,
  weights: Weights | TensorSource,
  { externalData = 'inline' }: WriteOnnxOptions = {},
): Promise<void> {
  const source = 'read' in weights ? weights : sourceOf(weights);
  const location = `${basename(path)}.data`;
  const placed = placeWeights(
    graph.params.flatMap(({ name }) => {
      const type = source.entries.get(name);
      return type ? [{ name, dtype: type.dtype, shape: type.shape }] : [];
    }),
    location,
  );
  // Also finds what is missing or misshapen, before anything is written.
  const besideModel = toModelProto(graph, placed);
  if (externalData === 'beside') {
    const read = async (name: string): Promise<Uint8Array> => bytesOf(await source.read(name));
    await replaceFile(join(dirname(path), location), placedBytes(placed, read));
    await replaceFile(path, [encodeModel(besideModel)]);
    return;
  }
  const total = [...placed.values()].reduce((sum, { length }) => sum + length, 0);
  if (total > largestInline) {
    throw new Error(
      `expected at most ${largestInline} bytes of weights in a model file, got ${total}: ` +
        `write them beside it`,
    );
  }
  const held = new Map<string, Tensor>();
  for (const name of placed.keys()) held.set(name, await source.read(name));
  await replaceFile(path, [encodeModel(toModelProto(graph, held))]);
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Reads an ONNX file, and its external data from files in its folder.
 * @throws Error listing everything in the model that cannot be read; WeightsError naming a file that cannot be.
 */
export async function readOnnxModel(
  path: string,
  options: Omit<ImportOptions, 'externalData'> = {},
): Promise<ImportedModel> {
  const { model, externalData } = await readOnnxFile(path);
  return fromModelProto(model, { ...options, externalData });
}

/** An ONNX file, and the bytes of its initializers that lie beside it, by name. */
export interface OnnxFile {
  readonly model: ModelProto;
  readonly externalData: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads an ONNX file and its external data without looking at what the model computes.
 * @throws Error for a file that is none; WeightsError naming a file that cannot be read.
 */
export async function readOnnxFile(path: string): Promise<OnnxFile> {
  const model = decodeModel(await readRange(path, 0));
  const externalData = new Map<string, Uint8Array>();
  for (const proto of externalTensors(model.graph)) {
    const { location, offset, length } = placeOf(proto);
    const file = await insideFolder(dirname(path), location);
    externalData.set(proto.name, await readRange(file, offset, length));
  }
  return { model, externalData };
}

function externalTensors(graph: GraphProto | undefined): TensorProto[] {
  return graph?.initializer.filter(isExternal) ?? [];
}

function placeOf(proto: TensorProto): { location: string; offset: number; length?: number } {
  const fields = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const number = (key: string): number | undefined => {
    const text = fields.get(key);
    if (text === undefined) return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw new Error(`initializer ${proto.name}: expected ${key} to be a number, got ${text}`);
  };
  const length = number('length');
  return {
    location: fields.get('location') ?? '',
    offset: number('offset') ?? 0,
    ...(length === undefined ? {} : { length }),
  };
}

/** A model is a stranger's: it must not make us read files elsewhere. */
async function insideFolder(folder: string, location: string): Promise<string> {
  const file = join(folder, location);
  const within = relative(await realpath(folder), await realpath(file).catch(() => file));
  if (
    isAbsolute(location) ||
    location === '' ||
    isAbsolute(within) ||
    within.split(sep)[0] === '..'
  ) {
    throw new Error(`expected external data in the model's folder, got ${location}`);
  }
  return file;
}

async function readRange(path: string, offset: number, length?: number): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    return await file.read(offset, length ?? Math.max(0, file.size - offset));
  } finally {
    await file.close();
  }
}
