// A pipeline of SD 1.x's topology, small enough for tests: 4 latent channels, latents of a quarter of the size.

import { schedulerConfigSchema, type SchedulerFile } from '../../src/diffusion/index.js';
import type { Executor, Graph } from '../../src/graph/index.js';
import { createPromptEncoder, type PipelineParts } from '../../src/generation/index.js';
import {
  clipText,
  componentClasses,
  decoderOf,
  encoderOf,
  nanosdUnet,
  networkParams,
  parseNetwork,
  parsePipeline,
  stagedUnetOf,
  type ComponentConfig,
  type PipelineToWrite,
} from '../../src/models/index.js';
import { writeByteTokenizer } from '../../src/models/clipTokenizer-node.js';
import { writeCheckpoint } from '../../src/models/writeCheckpoint-node.js';
import { elementCount, gaussianNoise, tensor, type Tensor } from '../../src/tensor/index.js';
import type { PromptTokenizer } from '../../src/text/index.js';
import { sourceOf } from '../../src/weights/index.js';

/** The config files of its checkpoint. */
export const tinyFiles = {
  unet: {
    _class_name: 'UNet2DConditionModel',
    attention_head_dim: 2,
    block_out_channels: [8, 16],
    cross_attention_dim: 12,
    down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
    in_channels: 4,
    layers_per_block: 1,
    norm_num_groups: 4,
    out_channels: 4,
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
  },
  vae: {
    _class_name: 'AutoencoderKL',
    block_out_channels: [8, 8, 8],
    down_block_types: new Array<string>(3).fill('DownEncoderBlock2D'),
    latent_channels: 4,
    layers_per_block: 1,
    norm_num_groups: 4,
    scaling_factor: 0.18215,
    up_block_types: new Array<string>(3).fill('UpDecoderBlock2D'),
  },
  text_encoder: {
    architectures: ['CLIPTextModel'],
    hidden_size: 12,
    intermediate_size: 16,
    max_position_embeddings: 8,
    model_type: 'clip_text_model',
    num_attention_heads: 2,
    num_hidden_layers: 1,
    vocab_size: 514,
  },
  scheduler: {
    _class_name: 'PNDMScheduler',
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: 'scaled_linear',
    num_train_timesteps: 1000,
    set_alpha_to_one: false,
    skip_prk_steps: true,
    steps_offset: 1,
    clip_sample: false,
  },
} as const;

export const tinyUnet = stagedUnetOf(parseNetwork(tinyFiles.unet, componentClasses.unet, 'unet'));
const tinyVae = parseNetwork(tinyFiles.vae, componentClasses.vae, 'vae');
const tinyText = parseNetwork(tinyFiles.text_encoder, ['CLIPTextModel'], 'text').config;
export const sd15Scheduler = schedulerConfigSchema.parse(tinyFiles.scheduler);

/** Random weights: matrices scaled by their inputs, norms one. */
export function randomWeights(graph: Pick<Graph, 'params'>): Map<string, Tensor<'float32'>> {
  const entries = graph.params.map(({ name, shape }, i): [string, Tensor<'float32'>] => {
    const { data } = gaussianNoise(shape, 5, i);
    const isNorm = shape.length === 1 && name.endsWith('weight');
    const scale = shape.length === 1 ? 0.1 : 1 / Math.sqrt(elementCount(shape.slice(1)));
    return [
      name,
      tensor(
        'float32',
        shape,
        data.map((x) => (isNorm ? 1 : x * scale)),
      ),
    ];
  });
  return new Map(entries);
}

/** Writes it as a checkpoint whose vocabulary are the 256 bytes. */
export async function writeTinyCheckpoint(folder: string): Promise<void> {
  const configs = parsePipeline(tinyFiles, (component) => component);
  const withWeights = <C extends ComponentConfig>(component: C) => ({
    ...component,
    weights: sourceOf(randomWeights({ params: networkParams(component.network) })),
  });
  const pipeline: PipelineToWrite = {
    unet: withWeights(configs.unet),
    vae: withWeights(configs.vae),
    textEncoder: configs.textEncoder && withWeights(configs.textEncoder),
    promptEmbeddings: configs.promptEmbeddings && withWeights(configs.promptEmbeddings),
    schedulerFile: configs.schedulerFile,
  };
  await writeCheckpoint(folder, pipeline, writeByteTokenizer);
}

/** A token a character, so that no vocabulary is needed. */
const characterTokenizer: PromptTokenizer = {
  length: tinyText.maxPositionEmbeddings,
  vocabularySize: 256,
  tokenize(prompt) {
    const room = tinyText.maxPositionEmbeddings - 1;
    const codes = [...prompt].map((c) => BigInt((c.codePointAt(0) ?? 0) % 256));
    const padding = new Array<bigint>(Math.max(0, room - codes.length) + 1).fill(299n);
    const ids = BigInt64Array.from([...codes.slice(0, room), ...padding]);
    return { inputIds: tensor('int64', [1, ids.length], ids), truncated: prompt.slice(room) };
  },
};

/** What was loaded, in order, for tests of when that happens. */
export interface TinyParts extends PipelineParts {
  readonly loads: string[];
}

export function tinyParts(executor: Executor, scheduler: SchedulerFile = sd15Scheduler): TinyParts {
  const text = clipText(tinyText, { batch: 1 });
  const vaeWeights = new Map([
    ...randomWeights(encoderOf(tinyVae, { batch: 1, height: 4, width: 4 })),
    ...randomWeights(decoderOf(tinyVae, { batch: 1, height: 1, width: 1 })),
  ]);
  const size = { batch: 1, height: 2, width: 2, contextTokens: 8 };
  const weights = { vae: vaeWeights, unet: randomWeights(nanosdUnet(tinyUnet, size)) };
  const loads: string[] = [];
  const record = (name: string): void => void loads.push(name);
  return {
    loads,
    encodePrompts: createPromptEncoder(characterTokenizer, () => {
      record('text');
      return executor.load(text, randomWeights(text));
    }),
    unet: tinyUnet,
    vae: tinyVae,
    scheduler,
    load(component, graph) {
      record(`${component} ${graph.inputs[0].shape.join('x')}`);
      return executor.load(graph, weights[component]);
    },
  };
}
