import {
  ConfigError,
  foreignRestorer,
  parseConfig,
  partFidelity,
  restorer,
  restorerConfig,
  restorerConfigSchema,
  restorerMultiple,
  type RestorerConfig,
} from '../models/index.js';
import { createWebExecutor, type WebExecutorOptions } from '../runtime/ort-web.js';
import type { Weights } from '../tensor/index.js';
import {
  bytesSource,
  castWeights,
  checkFinite,
  matchWeights,
  openSafetensors,
  WeightsError,
} from '../weights/index.js';
import type { RestoringNetwork } from './restorationGraph.js';
import type { FaithfulWeights } from './fidelity.js';

/** A restorer as a site serves it, in a folder with `config.json` and `diffusion_pytorch_model.safetensors`, or a single file. */
export interface FetchedModel {
  /** What the weights were trained for: `sr`, `deblur`, ... */
  readonly task: string;
  readonly config: RestoringNetwork;
  /** float32, by state-dict key. */
  readonly weights: Weights;
  /** The second set of a model that has one. */
  readonly faithful?: FaithfulWeights;
}

export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Called as bytes of the weights arrive; `total` is undefined where the site does not say. */
  readonly onDownload?: (progress: DownloadProgress) => void;
}

export interface DownloadProgress {
  readonly loaded: number;
  readonly total: number | undefined;
}

/** What a file with a network of another program is called. */
const foreignFile = /\.(onnx|pth|pt|ckpt|bin|safetensors)$/i;

/**
 * Downloads a model; a file that is here already, such as one that a person has dropped, is read.
 * @throws WeightsError, ConfigError naming the URL when a file is absent, corrupt or does not fit; the signal's
 * reason when aborted.
 */
export async function fetchModel(
  folder: string | URL | File,
  options: FetchOptions & Pick<WebExecutorOptions, 'threads' | 'wasmPaths'> = {},
): Promise<FetchedModel> {
  if (folder instanceof File) {
    return foreignModel(new Uint8Array(await folder.arrayBuffer()), folder.name, options);
  }
  const file = new URL(String(folder), location.href);
  if (foreignFile.test(file.pathname)) {
    return foreignModel(await download(file, options), file.href, options);
  }
  return fetchFolder(folder, options);
}

/** A network of another program. What its file does not say is tried out on the CPU. */
async function foreignModel(
  bytes: Uint8Array,
  name: string,
  { threads, wasmPaths }: Pick<WebExecutorOptions, 'threads' | 'wasmPaths'>,
): Promise<FetchedModel> {
  const executor = (): ReturnType<typeof createWebExecutor> =>
    createWebExecutor({
      ...(threads !== undefined && { threads }),
      ...(wasmPaths !== undefined && { wasmPaths }),
    });
  // Most pages open a folder: what reads files of others is loaded when it is asked for.
  const { openForeignSource } = await import('../onnx/openForeignSource.js');
  const network = await openForeignSource(bytesSource(bytes, name), { executor });
  const config = foreignRestorer(network);
  return { task: config.scale > 1 ? 'sr' : 'denoise', config, weights: network.weights };
}

async function fetchFolder(folder: string | URL, options: FetchOptions): Promise<FetchedModel> {
  const base = new URL(String(folder).replace(/\/?$/, '/'), location.href);
  const configUrl = new URL('config.json', base);
  const json = parseJson(await download(configUrl, withoutProgress(options)), configUrl.href);
  const { network, fidelity } = partFidelity(json, configUrl.href);
  const file = parseConfig(restorerConfigSchema, network, configUrl.href);
  const config = restorerConfig(file);
  const fetchSet = (name: string): Promise<Weights> =>
    fetchWeights(config, new URL(name, base), options);
  const weights = await fetchSet('diffusion_pytorch_model.safetensors');
  if (!fidelity) return { task: file.task, config, weights };
  const faithful = { weights: await fetchSet(fidelity.weights), default: fidelity.default };
  return { task: file.task, config, weights, faithful };
}

async function fetchWeights(
  config: RestorerConfig,
  url: URL,
  options: FetchOptions,
): Promise<Weights> {
  const bytes = await download(url, options);
  const checkpoint = await openSafetensors(bytesSource(bytes, url.href));
  const tensors = await checkpoint.readAll();
  checkWeights(config, tensors, url.href);
  return castWeights(tensors, 'float32');
}

function withoutProgress({ signal }: FetchOptions): FetchOptions {
  return signal ? { signal } : {};
}

function checkWeights(config: RestorerConfig, tensors: Weights, source: string): void {
  const side = restorerMultiple(config);
  const { params } = restorer(config, { batch: 1, height: side, width: side });
  try {
    matchWeights(params, tensors);
    checkFinite(tensors);
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    throw new WeightsError(`${source}: ${error.message}`, { cause: error });
  }
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new ConfigError(`${source}: expected JSON (${(error as Error).message})`, {
      cause: error,
    });
  }
}

async function download(url: URL, { signal, onDownload }: FetchOptions): Promise<Uint8Array> {
  const response = await fetch(url, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new WeightsError(`${url.href}: cannot be fetched`, { cause: error });
  });
  if (!response.ok || !response.body) {
    throw new WeightsError(
      `${url.href}: expected a successful response, got status ${response.status}`,
    );
  }
  // Compressed bodies are longer than what this header says.
  const announced = response.headers.has('Content-Encoding')
    ? null
    : response.headers.get('Content-Length');
  const total = announced === null ? undefined : Number(announced);
  let loaded = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        loaded += chunk.length;
        onDownload?.({ loaded, total });
        controller.enqueue(chunk);
      },
    }),
  );
  return new Uint8Array(await new Response(counted).arrayBuffer());
}
