// A pipeline of SD 1.x's topology, small enough for tests: 4 latent channels, latents of a quarter of the size.

import type { SchedulerFile } from '../src/diffusion/index.js';
import type { Executor, Graph } from '../src/graph/index.js';
import { createPromptEncoder, type PipelineParts } from '../src/generation/index.js';
import {
  clipText,
  decoderOf,
  encoderOf,
  unet2DCondition,
  type Autoencoder,
  type ClipTextConfig,
  type Unet2DConditionConfig,
} from '../src/models/index.js';
import { elementCount, gaussianNoise, tensor, type Tensor } from '../src/tensor/index.js';
import type { PromptTokenizer } from '../src/text/index.js';

export const tinyUnet: Unet2DConditionConfig = {
  inChannels: 4,
  outChannels: 4,
  flipSinToCos: true,
  freqShift: 0,
  blockOutChannels: [8, 16],
  layersPerBlock: [1, 1],
  heads: [2, 2],
  downAttention: [true, false],
  upAttention: [true, false],
  midBlock: true,
  normNumGroups: 4,
  normEps: 1e-5,
  crossAttentionDim: 12,
};

export const tinyVae: Autoencoder = {
  className: 'AutoencoderKL',
  config: {
    inChannels: 3,
    outChannels: 3,
    latentChannels: 4,
    blockOutChannels: [8, 8, 8],
    layersPerBlock: 1,
    normNumGroups: 4,
    scalingFactor: 0.18215,
  },
};

export const tinyText: ClipTextConfig = {
  vocabSize: 300,
  hiddenSize: 12,
  intermediateSize: 16,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 8,
  hiddenAct: 'quick_gelu',
  layerNormEps: 1e-5,
};

export const sd15Scheduler: SchedulerFile = {
  _class_name: 'PNDMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  clip_sample: false,
};

/** Random weights: matrices scaled by their inputs, norms one. */
export function randomWeights(graph: Graph): Map<string, Tensor<'float32'>> {
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

export function tinyParts(executor: Executor, scheduler = sd15Scheduler): TinyParts {
  const text = clipText(tinyText, { batch: 1 });
  const vaeWeights = new Map([
    ...randomWeights(encoderOf(tinyVae, { batch: 1, height: 4, width: 4 })),
    ...randomWeights(decoderOf(tinyVae, { batch: 1, height: 1, width: 1 })),
  ]);
  const size = { batch: 1, height: 2, width: 2, contextTokens: 8 };
  const weights = { vae: vaeWeights, unet: randomWeights(unet2DCondition(tinyUnet, size)) };
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
