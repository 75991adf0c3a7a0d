import type { Graph, NamedValue } from '../graph/index.js';
import { autoencoderKLDecoder, autoencoderKLEncoder, type MapSize } from './autoencoderKL.js';
import {
  autoencoderKLConfig,
  autoencoderKLConfigSchema,
  latentFactor,
  type AutoencoderKLConfig,
} from './autoencoderKLConfig.js';
import { autoencoderTinyDecoder, autoencoderTinyEncoder } from './autoencoderTiny.js';
import {
  autoencoderTinyConfig,
  autoencoderTinyConfigSchema,
  type AutoencoderTinyConfig,
} from './autoencoderTinyConfig.js';
import { clipText } from './clipText.js';
import { clipTextConfig, clipTextConfigSchema, type ClipTextConfig } from './clipTextConfig.js';
import { nanosdDecoder, nanosdEncoder, nanosdLatentFactor } from './nanosdAutoencoder.js';
import {
  nanosdAutoencoderConfig,
  nanosdAutoencoderConfigSchema,
  type NanosdAutoencoderConfig,
} from './nanosdAutoencoderConfig.js';
import { stagedUnetParams } from './nanosdUnet.js';
import { nanosdUnetConfig, nanosdUnetConfigSchema } from './nanosdUnetConfig.js';
import { ConfigError, parseConfig } from './parseConfig.js';
import {
  promptEmbeddingsConfig,
  promptEmbeddingsConfigSchema,
  promptEmbeddingsParams,
  type PromptEmbeddingsConfig,
} from './promptEmbeddings.js';
import type { StagedUnetConfig } from './stagedUnet.js';
import { stagesOfUnet2D } from './unet2DCondition.js';
import {
  unet2DConditionConfig,
  unet2DConditionConfigSchema,
  type Unet2DConditionConfig,
} from './unet2DConditionConfig.js';

/** A `config.json` as it lies in its file. */
export type ConfigFile = Readonly<Record<string, unknown>>;

/** The configs of the networks that a checkpoint consists of, by the name of their class. */
export interface NetworkConfigs {
  readonly UNet2DConditionModel: Unet2DConditionConfig;
  readonly NanoSDUNet2DConditionModel: StagedUnetConfig;
  readonly AutoencoderKL: AutoencoderKLConfig;
  readonly AutoencoderTiny: AutoencoderTinyConfig;
  readonly NanoSDAutoencoder: NanosdAutoencoderConfig;
  readonly CLIPTextModel: ClipTextConfig;
  readonly PromptEmbeddings: PromptEmbeddingsConfig;
}

export type NetworkClass = keyof NetworkConfigs;

/** A network of a checkpoint: its class, and its config under the names that the code uses. */
export type NetworkOf<C extends NetworkClass> = {
  readonly [K in C]: { readonly className: K; readonly config: NetworkConfigs[K] };
}[C];

export type Network = NetworkOf<NetworkClass>;
export type DenoisingNetwork = NetworkOf<
  'UNet2DConditionModel' | 'NanoSDUNet2DConditionModel'
>;
export type Autoencoder = NetworkOf<(typeof componentClasses)['vae'][number]>;

/** What each folder of a checkpoint may hold. */
export const componentClasses = {
  prompt_embeddings: ['PromptEmbeddings'],
  text_encoder: ['CLIPTextModel'],
  unet: ['UNet2DConditionModel', 'NanoSDUNet2DConditionModel'],
  vae: ['AutoencoderKL', 'AutoencoderTiny', 'NanoSDAutoencoder'],
} as const satisfies Readonly<Record<string, readonly NetworkClass[]>>;

export type ComponentName = keyof typeof componentClasses;

const parsers: {
  readonly [C in NetworkClass]: (file: unknown, source: string) => NetworkConfigs[C];
} = {
  UNet2DConditionModel: (file, source) =>
    unet2DConditionConfig(parseConfig(unet2DConditionConfigSchema, file, source)),
  NanoSDUNet2DConditionModel: (file, source) =>
    nanosdUnetConfig(parseConfig(nanosdUnetConfigSchema, file, source)),
  AutoencoderKL: (file, source) =>
    autoencoderKLConfig(parseConfig(autoencoderKLConfigSchema, file, source)),
  AutoencoderTiny: (file, source) =>
    autoencoderTinyConfig(parseConfig(autoencoderTinyConfigSchema, file, source)),
  NanoSDAutoencoder: (file, source) =>
    nanosdAutoencoderConfig(parseConfig(nanosdAutoencoderConfigSchema, file, source)),
  CLIPTextModel: (file, source) => clipTextConfig(parseConfig(clipTextConfigSchema, file, source)),
  PromptEmbeddings: (file, source) =>
    promptEmbeddingsConfig(parseConfig(promptEmbeddingsConfigSchema, file, source)),
};

/**
 * Parses the `config.json` of a network, whose class is one of `classes`.
 * @throws ConfigError naming every key that does not fit, with `source` before it.
 */
export function parseNetwork<C extends NetworkClass>(
  file: unknown,
  classes: readonly C[],
  source: string,
): NetworkOf<C> {
  const className = classNameOf(file);
  const known = classes.find((name) => name === className);
  if (known === undefined) {
    const got = className === undefined ? 'none' : `"${className}"`;
    throw new ConfigError(`${source}: _class_name: expected ${classes.join(' or ')}, got ${got}`);
  }
  return networkOf(known, parsers[known](file, source));
}

function networkOf<C extends NetworkClass>(className: C, config: NetworkConfigs[C]): NetworkOf<C> {
  const network: { readonly className: C; readonly config: NetworkConfigs[C] } = {
    className,
    config,
  };
  return network;
}

/** transformers' files name the class in `architectures`, or only by the kind of model. */
function classNameOf(file: unknown): string | undefined {
  const { _class_name: own, architectures, model_type: kind } = (file ?? {}) as ConfigFile;
  if (typeof own === 'string') return own;
  if (Array.isArray(architectures) && typeof architectures[0] === 'string') return architectures[0];
  return kind === 'clip_text_model' ? 'CLIPTextModel' : undefined;
}

/** A U-Net of either class stage by stage: what `nanosdUnet` makes its graph of. */
export function stagedUnetOf({ className, config }: DenoisingNetwork): StagedUnetConfig {
  return className === 'UNet2DConditionModel' ? stagesOfUnet2D(config) : config;
}

export function isAutoencoder(network: Network): network is Autoencoder {
  return componentClasses.vae.some((name) => name === network.className);
}

/** The encoder of pixels, for a picture of this size: input `sample`. */
export function encoderOf({ className, config }: Autoencoder, size: MapSize): Graph {
  switch (className) {
    case 'AutoencoderKL':
      return autoencoderKLEncoder(config, size);
    case 'AutoencoderTiny':
      return autoencoderTinyEncoder(config, size);
    case 'NanoSDAutoencoder':
      return nanosdEncoder(config, size);
  }
}

/** The decoder of latents of this size: input `latent_sample`, output `sample`. */
export function decoderOf({ className, config }: Autoencoder, size: MapSize): Graph {
  switch (className) {
    case 'AutoencoderKL':
      return autoencoderKLDecoder(config, size);
    case 'AutoencoderTiny':
      return autoencoderTinyDecoder(config, size);
    case 'NanoSDAutoencoder':
      return nanosdDecoder(config, size);
  }
}

/** Pixels a side for one cell of the latent. */
export function pixelsPerLatent({ className, config }: Autoencoder): number {
  switch (className) {
    case 'AutoencoderKL':
      return latentFactor(config);
    case 'AutoencoderTiny':
      return 2 ** (config.numEncoderBlocks.length - 1);
    case 'NanoSDAutoencoder':
      return nanosdLatentFactor(config);
  }
}

/** The weights that a network asks for, in its own order. */
export function networkParams(network: Network): readonly NamedValue[] {
  switch (network.className) {
    case 'UNet2DConditionModel':
    case 'NanoSDUNet2DConditionModel':
      return stagedUnetParams(stagedUnetOf(network));
    case 'CLIPTextModel':
      return clipText(network.config, { batch: 1, tokens: 1 }).params;
    case 'PromptEmbeddings':
      return promptEmbeddingsParams(network.config);
    default: {
      const side = pixelsPerLatent(network);
      return [
        ...encoderOf(network, { batch: 1, height: side, width: side }).params,
        ...decoderOf(network, { batch: 1, height: 1, width: 1 }).params,
      ];
    }
  }
}
