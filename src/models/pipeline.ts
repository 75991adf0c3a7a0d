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
  /** `scheduler_config.json`, which `schedulerConfigSchema` accepts. */
  readonly schedulerFile: ConfigFile;
}

/** The networks of a checkpoint with their weights. */
export interface Pipeline extends PipelineConfigs {
  readonly unet: Component<NetworkIn<'unet'>>;
  readonly vae: Component<NetworkIn<'vae'>>;
  readonly textEncoder: Component<NetworkIn<'text_encoder'>> | null;
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
  const textEncoder = files.text_encoder && component('text_encoder', componentClasses.text_encoder, files.text_encoder);
  attempt(() => parseConfig(schedulerConfigSchema, files.scheduler, label('scheduler')));
  if (!unet || !vae || textEncoder === undefined || problems.length > 0) {
    throw new ConfigError(problems.join('\n'));
  }
  checkFit(unet, vae, textEncoder, label);
  return { unet, vae, textEncoder, schedulerFile: files.scheduler };
}

/** Networks that are sound each may still not go together. */
function checkFit(
  { network: { config: unet } }: PipelineConfigs['unet'],
  vae: PipelineConfigs['vae'],
  textEncoder: PipelineConfigs['textEncoder'],
  label: (component: ComponentName) => string,
): void {
  const { latentChannels } = vae.network.config;
  if (unet.outChannels !== latentChannels) {
    const got = `${unet.outChannels} (out_channels of the U-Net)`;
    throw new ConfigError(`${label('vae')}: expected latent_channels ${got}, got ${latentChannels}`);
  }
  const width = textEncoder?.network.config.hiddenSize ?? unet.crossAttentionDim;
  if (width !== unet.crossAttentionDim) {
    const expected = `${unet.crossAttentionDim} (cross_attention_dim of the U-Net)`;
    throw new ConfigError(
      `${label('text_encoder')}: expected hidden_size ${expected}, got ${width}`,
    );
  }
}
