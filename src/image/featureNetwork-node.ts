import { extname, join } from 'node:path';
import { appendGraph, rewriteGraph, type Graph } from '../graph/index.js';
import { isSqueezenet, squeezenetFeatures, type FeatureMaps } from '../models/index.js';
import { kindOf, ModelError } from '../models/modelFiles-node.js';
import { fromModelProto, openDimensions, selectOutputs } from '../onnx/index.js';
import { readOnnxFile } from '../onnx/file-node.js';
import { tensor, toFloat32, type Weights } from '../tensor/index.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';

/**
 * Opens the network of a perceptual distance: the weights of SqueezeNet 1.1 (torchvision's names) as a safetensors file or the folder
 * of its `model.safetensors`, or an ONNX model of one picture `[N, 3, H, W]` in [0, 1]. Of the latter, `outputs` names the maps
 * `[N, C, h, w]` that are compared, outputs or values between its nodes; its outputs unless given.
 * @throws ModelError, of one line, when it is not there, another network, or does not give what is named.
 */
export async function openFeatureMaps(
  path: string,
  outputs?: readonly string[],
): Promise<FeatureMaps> {
  const kind = await kindOf(path);
  if (!kind) throw new ModelError(`${path}: no such file or folder`);
  if (extname(path).toLowerCase() === '.onnx') {
    return explained(path, () => openOnnxFeatures(path, outputs));
  }
  const file = kind === 'folder' ? join(path, 'model.safetensors') : path;
  if ((await kindOf(file)) !== 'file') {
    throw new ModelError(`${path}: expected an ONNX model or model.safetensors, got neither`);
  }
  const { tensors } = await readSafetensorsFile(file);
  if (!isSqueezenet(tensors)) {
    throw new ModelError(
      `${file}: expected an ONNX model or the weights of SqueezeNet 1.1 (features.0.weight, ...)`,
    );
  }
  if (outputs) throw new ModelError(`${file}: expected outputs only for an ONNX model`);
  return (b, picture) => squeezenetFeatures(b, tensors, picture);
}

async function openOnnxFeatures(
  path: string,
  outputs: readonly string[] | undefined,
): Promise<FeatureMaps> {
  const file = await readOnnxFile(path);
  const model = outputs ? selectOutputs(file.model, outputs) : file.model;
  const read = (shape: readonly number[]): Graph => {
    const dimensions = openDimensions(model, shape);
    const { externalData } = file;
    const { graph, weights } = fromModelProto(model, { dimensions, externalData });
    return withConstants(graph, weights);
  };
  requireMaps(read([1, 3, PROBE_SIDE, PROBE_SIDE]));
  return (b, picture) => {
    const graph = read(picture.shape);
    const [input] = graph.inputs;
    if (input.shape.join() !== picture.shape.join()) {
      const [wanted, got] = [picture, input].map(({ shape }) => `[${shape.join(', ')}]`);
      throw new ModelError(`${path}: expected an input that may be ${wanted}, got ${got}`);
    }
    return Object.values(appendGraph(b, graph, { [input.name]: picture }).outputs);
  };
}

/** What feature networks are made for. */
const PROBE_SIDE = 224;

function requireMaps({ inputs, outputs }: Graph): void {
  const [input, ...others] = inputs;
  if (others.length > 0 || input?.shape.length !== 4 || input.shape[1] !== 3) {
    const got = inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
    throw new Error(`expected one input [N, 3, H, W] (pictures in [0, 1]), got ${got}`);
  }
  for (const [name, { shape }] of Object.entries(outputs)) {
    if (shape.length === 4) continue;
    throw new Error(`expected ${name} to be maps [N, C, h, w], got [${shape.join(', ')}]`);
  }
}

/** A network whose weights are not trained: they are literals in place of params. */
function withConstants(graph: Graph, weights: Weights): Graph {
  const literals = new Map(graph.params.map(({ id, name }) => [id, weights.get(name)]));
  const frozen = rewriteGraph(graph, (b, { op, inputs, attributes }, valueOf) => {
    if (!inputs.some(({ id }) => literals.has(id))) return null;
    const operands = inputs.map((input) => {
      const weight = literals.get(input.id);
      if (!weight) return valueOf(input);
      return b.constant(tensor('float32', weight.shape, toFloat32(weight)));
    });
    return b.apply(op, operands, attributes);
  });
  return { ...frozen, params: [] };
}

async function explained<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const problem = (error instanceof Error ? error.message : String(error)).replaceAll(
      /\s*\n\s*/g,
      ' ',
    );
    throw new ModelError(problem.startsWith(path) ? problem : `${path}: ${problem}`, {
      cause: error,
    });
  }
}
