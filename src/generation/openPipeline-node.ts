import { schedulerConfigSchema } from '../diffusion/index.js';
import type { Graph, Session } from '../graph/index.js';
import {
  clipText,
  ConfigError,
  kindEmbeddingName,
  stagedUnetOf,
  type ClipTextConfig,
} from '../models/index.js';
import { ModelError } from '../models/modelFiles-node.js';
import { openCheckpoint, type OpenCheckpoint } from '../models/openCheckpoint-node.js';
import { toFloat16 } from '../onnx/index.js';
import { createWorkerExecutor } from '../runtime/worker-node.js';
import type { PromptTokenizer } from '../text/index.js';
import { openTokenizerFolder } from '../text/tokenizerFolder-node.js';
import type { Tensor } from '../tensor/index.js';
import type { Checkpoint } from '../weights/index.js';
import { createPipeline, type DiffusionPipeline } from './createPipeline.js';
import {
  createPlanner,
  generateFiles,
  type FileRequest,
  type GeneratedFile,
  type GenerateFilesOptions,
} from './generateFiles-node.js';
import type { PipelineSizes } from './memory.js';
import { createKindEncoder, createPromptEncoder, type PromptEncoder } from './promptEncoder.js';

export interface OpenPipelineOptions {
  /** `cpu` unless given. */
  readonly device?: string;
  /** Threads inside an operator; by default one a physical core. */
  readonly threads?: number;
  /** What the networks compute in: `fp32` unless given. */
  readonly precision?: 'fp32' | 'fp16';
  /** Which set of weights to take where a checkpoint has several, such as `fp16`. */
  readonly variant?: string;
}

/** A pipeline that knows files. It computes in a thread of its own, which ends when it is disposed of. */
export interface FilePipeline extends DiffusionPipeline {
  /** The checkpoint's name. */
  readonly name: string;
  readonly device: string;
  /**
   * Makes the pictures of a request one after the other, and writes each to the file of its place in `outputs`.
   * What can be known to fail fails before the work; nothing half written is left behind.
   * @throws ImageFileError, MemoryError, RangeError; the signal's reason when aborted.
   */
  generateFiles(
    request: FileRequest,
    outputs: readonly string[],
    options?: GenerateFilesOptions,
  ): AsyncGenerator<GeneratedFile>;
}

/**
 * Opens a checkpoint to make pictures with; nothing is loaded before it is needed.
 * @throws ModelError, ConfigError, WeightsError or TokenizerError for what is absent or does not fit; DeviceError
 * listing the devices there are.
 */
export async function openPipeline(
  model: string,
  options: OpenPipelineOptions = {},
): Promise<FilePipeline> {
  const { variant, precision = 'fp32', ...device } = options;
  const checkpoint = await openCheckpoint(model, variant !== undefined ? { variant } : {});
  try {
    const { unet, vae } = checkpoint;
    const executor = createWorkerExecutor(device);
    const load = (graph: Graph, weights: Checkpoint): Promise<Session> => {
      const network = { ...graph, taps: [] };
      return executor.loadMapped(precision === 'fp16' ? toFloat16(network) : network, weights);
    };
    const prompts = await openPrompts(checkpoint, load);
    const pipeline = createPipeline({
      encodePrompts: prompts.encode,
      unet: stagedUnetOf(unet.network),
      vae: vae.network,
      scheduler: schedulerConfigSchema.parse(checkpoint.schedulerFile),
      load: (component, graph) => load(graph, { unet, vae }[component].weights),
    });
    const sizes: PipelineSizes = {
      textEncoder: checkpoint.textEncoder?.network.config ?? null,
      contextTokens: prompts.tokens,
      unet: stagedUnetOf(unet.network),
      vae: vae.network,
      storedInHalves: isStoredInHalves(unet.weights),
    };
    const setup = { pipeline, checkpoint, plan: createPlanner(sizes) };
    return {
      ...pipeline,
      name: checkpoint.name,
      device: executor.device,
      generateFiles: (request, outputs, fileOptions = {}) =>
        generateFiles(setup, request, outputs, fileOptions),
      async [Symbol.asyncDispose]() {
        // The thread must not end while it computes: native code cannot be torn apart.
        await pipeline[Symbol.asyncDispose]();
        await executor[Symbol.asyncDispose]();
        await checkpoint[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await checkpoint[Symbol.asyncDispose]();
    throw error;
  }
}

export interface Prompts {
  readonly encode: PromptEncoder;
  /** Of each. */
  readonly tokens: number;
}

/**
 * How a checkpoint reads prompts: as text, or as names of kinds that it has learned.
 * @throws ModelError for one that reads neither; TokenizerError.
 */
export async function openPrompts(
  checkpoint: OpenCheckpoint,
  load: (graph: Graph, weights: Checkpoint) => Promise<Session>,
): Promise<Prompts> {
  const { textEncoder, promptEmbeddings, path } = checkpoint;
  if (textEncoder) {
    const { config } = textEncoder.network;
    const tokenizer = await openTokenizer(checkpoint, config);
    const open = (): Promise<Session> => load(clipText(config, { batch: 1 }), textEncoder.weights);
    return { encode: createPromptEncoder(tokenizer, open), tokens: config.maxPositionEmbeddings };
  }
  if (promptEmbeddings) {
    const { config } = promptEmbeddings.network;
    const read = (): Promise<Tensor> => promptEmbeddings.weights.read(kindEmbeddingName);
    return { encode: createKindEncoder(config, read), tokens: config.tokens };
  }
  throw new ModelError(
    `${path}: expected a text encoder or prompt embeddings, got a checkpoint without`,
  );
}

async function openTokenizer(
  { path, tokenizerFolder }: OpenCheckpoint,
  { maxPositionEmbeddings, vocabSize }: ClipTextConfig,
): Promise<PromptTokenizer> {
  if (tokenizerFolder === null) throw new ModelError(`${path}: expected a tokenizer, got none`);
  const tokenizer = await openTokenizerFolder(tokenizerFolder, maxPositionEmbeddings);
  if (tokenizer.vocabularySize <= vocabSize) return tokenizer;
  throw new ConfigError(
    `${tokenizerFolder}: expected at most ${vocabSize} tokens (vocab_size of the text encoder), ` +
      `got ${tokenizer.vocabularySize}`,
  );
}

function isStoredInHalves({ entries }: Checkpoint): boolean {
  return [...entries.values()].some(({ dtype }) => dtype === 'float16' || dtype === 'bfloat16');
}
