import type { Graph, Session } from '../../graph/index.js';
import { latentScale } from '../../generation/latents.js';
import { pixelsPerLatent, type Autoencoder, type MapSize } from '../../models/index.js';
import { ModelError } from '../../models/modelFiles-node.js';
import { decodeModel } from '../../onnx/index.js';
import { readOnnxModel } from '../../onnx/file-node.js';
import type { NodeExecutor } from '../../runtime/nodeExecutor-node.js';
import { tensor, toFloat32, type Shape, type Tensor, type Weights } from '../../tensor/index.js';
import { openFile } from '../../weights/file-node.js';
import type { Checkpoint } from '../../weights/index.js';
import { latentFeatureGraph, pictureFeatureGraph, picturesGraph } from './featureGraphs.js';
import type { Matrix } from '../algorithms/gaussianFit.js';
import { shareBatches } from './sampleLatents.js';

/**
 * What pictures are compared by: `vae`, the maps of the teacher's own encoder of their pictures; `latent`, those of
 * the first layers of its decoder, which needs no pictures; or the path of a feature network as ONNX.
 */
export type FeatureChoice = 'vae' | 'latent' | (string & {});

/** A network that gives the features of latents. */
export interface FeatureNetwork extends AsyncDisposable {
  /** Features `[samples, D]` of latents `[samples, C, h, w]` on the U-Net's scale. */
  extract(latents: Float32Array, signal?: AbortSignal): Promise<Matrix>;
}

/** The teacher's VAE, and the size of the latents that come. */
export interface FeatureParts {
  readonly vae: { readonly network: Autoencoder; readonly weights: Checkpoint };
  /** `[C, h, w]`. */
  readonly latent: Shape;
  /** Latents of one run. */
  readonly batch: number;
}

/**
 * Loads a feature network in each executor, which compute side by side.
 * @throws ModelError for an ONNX file that is not there or has not one input `[N, 3, H, W]`.
 */
export async function openFeatureNetwork(
  choice: FeatureChoice,
  parts: FeatureParts,
  executors: readonly NodeExecutor[],
): Promise<FeatureNetwork> {
  const load = await loaderOf(choice, parts);
  const chains = await Promise.all(executors.map(load));
  return featureNetwork(chains, parts);
}

/** Networks of one input, of which each takes what the one before gave; the last gives features. */
type Chain = readonly Link[];

interface Link {
  readonly session: Session;
  readonly input: string;
}

async function link(graph: Graph, load: (graph: Graph) => Promise<Session>): Promise<Link> {
  return { session: await load(graph), input: graph.inputs[0].name };
}

async function loaderOf(
  choice: FeatureChoice,
  { vae: { network, weights }, latent, batch }: FeatureParts,
): Promise<(executor: NodeExecutor) => Promise<Chain>> {
  const size: MapSize = { batch, height: latent[1], width: latent[2] };
  const scale = latentScale(network);
  if (choice === 'vae' || choice === 'latent') {
    const build = choice === 'vae' ? pictureFeatureGraph : latentFeatureGraph;
    const graph = build(network, scale, size);
    return async (executor) => [await link(graph, (its) => executor.loadMapped(its, weights))];
  }
  const perLatent = pixelsPerLatent(network);
  const sides = { height: size.height * perLatent, width: size.width * perLatent };
  const foreign = await readFeatureModel(choice, batch, sides);
  const [, , height, width] = foreign.graph.inputs[0].shape;
  const pictures = picturesGraph(network, scale, size, { height, width });
  return async (executor) => [
    await link(pictures, (graph) => executor.loadMapped(graph, weights)),
    await link(foreign.graph, (graph) => executor.load(graph, foreign.weights)),
  ];
}

/** A feature network as ONNX, for a batch; sides that it leaves open are those of the pictures. */
export async function readFeatureModel(
  path: string,
  batch: number,
  sides: { readonly height: number; readonly width: number },
): Promise<{ graph: Graph; weights: Weights }> {
  try {
    const file = await openFile(path);
    const bytes = await file.read(0, file.size).finally(() => file.close());
    const open = openDimensions(bytes, [batch, 3, sides.height, sides.width]);
    const { graph, weights } = await readOnnxModel(path, { dimensions: open });
    const [input, ...others] = graph.inputs;
    if (others.length === 0 && input?.shape.length === 4 && input.shape[1] === 3) {
      if (input.shape[0] === batch) return { graph, weights };
      throw new Error(`expected a batch of any size, or of ${batch}, got ${input.shape[0]}`);
    }
    const got = graph.inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
    throw new Error(`expected one input [N, 3, H, W] (pictures in [0, 1]), got ${got}`);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const message = problem.startsWith(path) ? problem : `${path}: ${problem}`;
    throw new ModelError(message, { cause: error });
  }
}

/** Lengths for the dimensions of a model's inputs that have none, by their place. */
function openDimensions(bytes: Uint8Array, shape: Shape): Record<string, number> {
  const { graph } = decodeModel(bytes);
  const initializers = new Set(graph?.initializer.map(({ name }) => name));
  const inputs = graph?.input.filter(({ name }) => !initializers.has(name)) ?? [];
  const lengths = inputs.flatMap(({ name, type }) => {
    if (type?.value.case !== 'tensorType') return [];
    const dims = type.value.value.shape?.dim ?? [];
    return dims.flatMap(({ value }, axis): [string, number][] => {
      const symbol = value.case === 'dimParam' && value.value !== '' ? value.value : null;
      return [[symbol ?? `${name}.${axis}`, shape[axis] ?? 1]];
    });
  });
  return Object.fromEntries(lengths);
}

function featureNetwork(chains: readonly Chain[], { latent, batch }: FeatureParts): FeatureNetwork {
  const size = latent.reduce((product, n) => product * n, 1);
  return {
    async extract(latents, signal) {
      const samples = latents.length / size;
      const rows: Float64Array[] = new Array<Float64Array>(samples);
      await shareBatches(chains, samples, batch, async (chain, at) => {
        signal?.throwIfAborted();
        const padded = new Float32Array(batch * size);
        padded.set(latents.subarray(at * size, (at + batch) * size));
        let value: Tensor = tensor('float32', [batch, ...latent], padded);
        for (const { session, input } of chain) {
          [value] = Object.values(await session.run({ [input]: value }));
        }
        const features = meansOverCells(value);
        for (let i = 0; i < Math.min(batch, samples - at); i++) rows[at + i] = features[i];
      });
      const columns = rows[0].length;
      const data = new Float64Array(samples * columns);
      rows.forEach((row, i) => data.set(row, i * columns));
      return { rows: samples, columns, data };
    },
    async [Symbol.asyncDispose]() {
      for (const { session } of chains.flat()) await session[Symbol.asyncDispose]();
    },
  };
}

/** `[N, D]`, or `[N, D, ...]` averaged over what follows, as a row for each sample. */
export function meansOverCells(value: Tensor): Float64Array[] {
  const [batch, width, ...cells] = value.shape;
  const area = cells.reduce((product, n) => product * n, 1);
  const data = toFloat32(value);
  return Array.from({ length: batch }, (_, sample) => {
    return Float64Array.from({ length: width }, (__, i) => {
      const start = (sample * width + i) * area;
      return data.subarray(start, start + area).reduce((sum, x) => sum + x, 0) / area;
    });
  });
}
