import { schedulerConfigSchema } from '../diffusion/index.js';
import type { Checkpoint } from '../weights/index.js';
import {
  componentClasses,
  parseNetwork,
  type ComponentName,
  type ConfigFile,
  type Network,
  type NetworkClass,
  type NetworkOf,
} from './network.js';
import { ConfigError, parseConfig } from './parseConfig.js';
import type { PipelineFiles } from './presets.js';
import { supportedCheckpoints, unsupportedUnet } from './unsupported.js';

/** A network as its config file describes it. */
export interface ComponentConfig<N extends Network = Network> {
  readonly network: N;
  /** The `config.json` as it was read, to be written again. */
  readonly file: ConfigFile;
}

/** A network and its weights, of which only the headers have been read. */
export interface Component<N extends Network = Network> extends ComponentConfig<N> {
  /** Under the names of the network's params, in their order, and no others. */
  readonly weights: Checkpoint;
}

/** What the folder of that name may hold. */
export type NetworkIn<C extends ComponentName> = NetworkOf<(typeof componentClasses)[C][number]>;

/** What the config files of a checkpoint say. */
export interface PipelineConfigs {
  readonly unet: ComponentConfig<NetworkIn<'unet'>>;
  readonly vae: ComponentConfig<NetworkIn<'vae'>>;
  /** Null for a checkpoint that reads no text. */
  readonly textEncoder: ComponentConfig<NetworkIn<'text_encoder'>> | null;
  /** Learned prompts of kinds of pictures, in place of a text encoder; null where there are none. */
  readonly promptEmbeddings: ComponentConfig<NetworkIn<'prompt_embeddings'>> | null;
  /** `scheduler_config.json`, which `schedulerConfigSchema` accepts. */
  readonly schedulerFile: ConfigFile;
}

/** The networks of a checkpoint with their weights. */
export interface Pipeline extends PipelineConfigs {
  readonly unet: Component<NetworkIn<'unet'>>;
  readonly vae: Component<NetworkIn<'vae'>>;
  readonly textEncoder: Component<NetworkIn<'text_encoder'>> | null;
  readonly promptEmbeddings: Component<NetworkIn<'prompt_embeddings'>> | null;
}

/**
 * Parses the config files of a checkpoint.
 * @param label what messages call a file, such as `DIR/unet/config.json`.
 * @throws ConfigError naming every key of every file that does not fit, or the family that the checkpoint is of.
 */
export function parsePipeline(
  files: PipelineFiles,
  label: (component: ComponentName | 'scheduler') => string,
): PipelineConfigs {
  const family = unsupportedUnet(files.unet);
  if (family !== undefined) {
    throw new ConfigError(`${label('unet')}: expected ${supportedCheckpoints}, got ${family}`);
  }
  const problems: string[] = [];
  const attempt = <T>(parse: () => T): T | undefined => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const component = <C extends NetworkClass>(
    name: ComponentName,
    classes: readonly C[],
    file: ConfigFile,
  ) => attempt(() => ({ network: parseNetwork(file, classes, label(name)), file }));
  const unet = component('unet', componentClasses.unet, files.unet);
  const vae = component('vae', componentClasses.vae, files.vae);
  const optional = <C extends NetworkClass>(
    name: ComponentName,
    classes: readonly C[],
    file: ConfigFile | null | undefined,
  ) => (file ? component(name, classes, file) : null);
  const { text_encoder: textFile, prompt_embeddings: promptsFile } = files;
  const textEncoder = optional('text_encoder', componentClasses.text_encoder, textFile);
  const promptEmbeddings = optional(
    'prompt_embeddings',
    componentClasses.prompt_embeddings,
    promptsFile,
  );
  attempt(() => parseConfig(schedulerConfigSchema, files.scheduler, label('scheduler')));
  const isComplete = textEncoder !== undefined && promptEmbeddings !== undefined;
  if (!unet || !vae || !isComplete || problems.length > 0) {
    throw new ConfigError(problems.join('\n'));
  }
  const configs = { unet, vae, textEncoder, promptEmbeddings, schedulerFile: files.scheduler };
  checkFit(configs, label);
  return configs;
}

/** Networks that are sound each may still not go together. */
function checkFit(
  { unet: { network }, vae, textEncoder, promptEmbeddings }: PipelineConfigs,
  label: (component: ComponentName) => string,
): void {
  const unet = network.config;
  const { latentChannels } = vae.network.config;
  if (unet.outChannels !== latentChannels) {
    const got = `${unet.outChannels} (out_channels of the U-Net)`;
    throw new ConfigError(`${label('vae')}: expected latent_channels ${got}, got ${latentChannels}`);
  }
  const widths = [
    ['text_encoder', 'hidden_size', textEncoder?.network.config.hiddenSize],
    ['prompt_embeddings', 'cross_attention_dim', promptEmbeddings?.network.config.crossAttentionDim],
  ] as const;
  for (const [component, key, width = unet.crossAttentionDim] of widths) {
    if (width === unet.crossAttentionDim) continue;
    const expected = `${unet.crossAttentionDim} (cross_attention_dim of the U-Net)`;
    throw new ConfigError(`${label(component)}: expected ${key} ${expected}, got ${width}`);
  }
}
