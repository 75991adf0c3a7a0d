import {
  checkFeeds,
  checkParams,
  foldUpsampling,
  lowerConvGradients,
  type Executor,
  type Feeds,
  type Graph,
  type Session,
} from '../graph/index.js';
import {
  emitRules,
  encodeModel,
  toModelProto,
  weightFiles,
  type EmitRules,
  type Initializer,
  type WeightFile,
} from '../onnx/index.js';
import { missingKernels } from './missingKernels.js';
import type { Queue } from './queue.js';

/** One ONNX Runtime on one device, in this thread or another. */
export interface Engine {
  /** Its turns: it opens, runs and releases one thing at a time. */
  readonly queue: Queue;
  /**
   * Opens a model. `strict` refuses one that the device cannot run whole, which ONNX Runtime would otherwise
   * run partly on the CPU without a word. `data` holds initializers that are not in the model; only an engine
   * in Node takes a folder, or plans its memory.
   */
  open(
    model: Uint8Array,
    placement: Placement,
    data?: ModelData,
    memory?: MemoryUse,
  ): Promise<Opened>;
}

/** Where external initializers are: in files of a folder, or in memory under the names of files. */
export type ModelData = { readonly folder: string } | { readonly files: readonly WeightFile[] };

/** What is opened of a graph: its model, encoded anew for each attempt, and weights beside it. */
export interface ModelSource {
  readonly encode: (executed: Graph) => Uint8Array;
  readonly memory?: MemoryUse;
  readonly data?: ModelData;
}

export type Placement = 'strict' | 'mixed';

/**
 * Whether runs allocate as they go, or by a plan that the first one makes, which is faster and takes the most memory
 * that they ever need once more.
 */
export type MemoryUse = 'asNeeded' | 'planned';

export interface Opened {
  run(feeds: Feeds): Promise<Feeds>;
  release(): Promise<void>;
}

export interface FallbackOptions {
  /**
   * Allows the CPU to run the operators that the device has no kernel for, and is told which when a
   * graph is loaded. Without it such a graph is refused.
   */
  readonly onFallback?: (operators: readonly string[]) => void;
}

/** Thrown when a device cannot run a whole graph; lists what it cannot. */
export class MissingKernelError extends Error {
  constructor(device: string, operators: readonly string[], cause: unknown) {
    const listed = operators.length > 0 ? operators.join('; ') : 'a part of it';
    super(`${device} cannot run the whole graph: it has no kernel for ${listed}`, { cause });
    this.name = 'MissingKernelError';
  }
}

/** How graphs become models for a device. */
export interface Suiting {
  readonly rules: EmitRules;
  readonly memory: MemoryUse;
}

export const plainSuiting: Suiting = { rules: emitRules, memory: 'asNeeded' };

/** An executor over an engine. */
export function engineExecutor(
  device: string,
  engine: Engine,
  options: FallbackOptions = {},
  { rules, memory }: Suiting = plainSuiting,
): Executor {
  return {
    device,
    load: async (graph, weights) => {
      checkParams(graph, weights);
      const { initializers, files } = weightFiles(graph, weights);
      const encode = modelEncoder(initializers, rules);
      return loadModel(device, engine, graph, { encode, data: { files }, memory }, options);
    },
  };
}

/** Encodes graphs whose params are these initializers. */
export function modelEncoder(
  initializers: ReadonlyMap<string, Initializer>,
  rules: EmitRules,
): ModelSource['encode'] {
  return (graph) => encodeModel(toModelProto(graph, initializers, rules));
}

/**
 * Opens the model of a graph.
 * @throws MissingKernelError when the device cannot run all of it and no fallback is allowed.
 */
export async function loadModel(
  device: string,
  engine: Engine,
  plain: Graph,
  { encode, data, memory }: ModelSource,
  { onFallback }: FallbackOptions,
): Promise<Session> {
  // With less work where that gives the same.
  const graph = lowerConvGradients(foldUpsampling(plain));
  const opened = await engine.queue(async () => {
    try {
      return await engine.open(encode(graph), 'strict', data, memory);
    } catch (error) {
      if (!isRefusedFallback(error)) throw error;
      const missing = await operatorsWithoutKernel(engine, graph);
      if (!onFallback) throw new MissingKernelError(device, missing, error);
      onFallback(missing);
      return engine.open(encode(graph), 'mixed', data, memory);
    }
  });
  return openSession(graph, opened, engine.queue);
}

function operatorsWithoutKernel(engine: Engine, graph: Graph): Promise<string[]> {
  return missingKernels(graph, async (alone) => {
    try {
      const opened = await engine.open(encodeModel(toModelProto(alone, new Map())), 'strict');
      await opened.release();
      return true;
    } catch (error) {
      if (!isRefusedFallback(error)) throw error;
      return false;
    }
  });
}

/** ONNX Runtime has no error code for it. */
function isRefusedFallback(error: unknown): boolean {
  return error instanceof Error && error.message.includes('fallback to CPU EP has been explicitly');
}

function openSession(graph: Graph, opened: Opened, queue: Queue): Session {
  let disposal: Promise<void> | undefined;
  return {
    async run(feeds, { signal } = {}): Promise<Feeds> {
      if (disposal) throw new Error('expected a live session, got one that was disposed of');
      signal?.throwIfAborted();
      checkFeeds(graph, feeds);
      const results = await queue(() => opened.run(feeds), signal);
      return Object.fromEntries(Object.keys(graph.outputs).map((name) => [name, results[name]]));
    },
    [Symbol.asyncDispose]() {
      disposal ??= queue(() => opened.release());
      return disposal;
    },
  };
}
