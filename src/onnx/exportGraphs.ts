import { GraphBuilder, type Graph } from '../graph/index.js';
import {
  buildClipText,
  buildNanosdUnet,
  ConfigError,
  decoderOf,
  encoderOf,
  pixelsPerLatent,
  promptEmbeddings,
  stagedUnetOf,
  type ClipTextConfig,
  type ComponentName,
  type PipelineConfigs,
  type PromptEmbeddingsConfig,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from '../models/index.js';

/** What the exported networks run on; their shapes are static. */
export interface ExportSize {
  /** Of pictures; 2 for a U-Net that computes both sides of classifier-free guidance at once. */
  readonly batch: number;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** A graph to export: the folder that its model goes to, and the component whose weights it has. */
export interface ExportGraph {
  readonly folder: 'text_encoder' | 'prompt_embeddings' | 'unet' | 'vae_encoder' | 'vae_decoder';
  readonly component: ComponentName;
  readonly graph: Graph;
}

/**
 * The networks of a checkpoint with the inputs and outputs that ONNX exports of Stable Diffusion usually have:
 * `input_ids` int32 to `last_hidden_state` and `pooler_output`; `sample`, `timestep` float32 `[1]` and
 * `encoder_hidden_states` to `out_sample`; `sample` to `latent_parameters`; `latent_sample` to `sample`.
 * @throws ConfigError for sides that are no whole number of latents.
 */
export function exportGraphs(configs: PipelineConfigs, size: ExportSize): ExportGraph[] {
  const { batch, width, height } = size;
  const { network: vae } = configs.vae;
  const factor = pixelsPerLatent(vae);
  if (width % factor !== 0 || height % factor !== 0) {
    throw new ConfigError(`expected sides that are multiples of ${factor}, got ${width}x${height}`);
  }
  const latents = { batch, width: width / factor, height: height / factor };
  const text = configs.textEncoder?.network.config;
  const prompts = configs.promptEmbeddings?.network.config;
  const contextTokens = text?.maxPositionEmbeddings ?? prompts?.tokens ?? 77;
  const unet = unetGraph(stagedUnetOf(configs.unet.network), { ...latents, contextTokens });
  return [
    ...(text ? [textEncoderGraph(text, batch)] : []),
    ...(prompts ? [promptsGraph(prompts, batch)] : []),
    { folder: 'unet', component: 'unet', graph: unet },
    { folder: 'vae_encoder', component: 'vae', graph: encoderOf(vae, { batch, width, height }) },
    { folder: 'vae_decoder', component: 'vae', graph: decoderOf(vae, latents) },
  ];
}

/** Exports take ids as int32, and pipelines feed them so. */
function textEncoderGraph(config: ClipTextConfig, batch: number): ExportGraph {
  const b = new GraphBuilder();
  const ids = b.input('input_ids', [batch, config.maxPositionEmbeddings], 'int32');
  const wide = b.apply('cast', [ids], { to: 'int64' });
  const graph = b.build({ ...buildClipText(b, config, wide) });
  return { folder: 'text_encoder', component: 'text_encoder', graph };
}

/** Input `kind` `[N]` int64, the places of kinds among the names of the config. */
function promptsGraph(config: PromptEmbeddingsConfig, batch: number): ExportGraph {
  const graph = promptEmbeddings(config, { batch });
  return { folder: 'prompt_embeddings', component: 'prompt_embeddings', graph };
}

/** One timestep for the whole batch. */
function unetGraph(config: StagedUnetConfig, size: Unet2DConditionSize): Graph {
  const { batch, height, width, contextTokens } = size;
  const b = new GraphBuilder();
  const sample = b.input('sample', [batch, config.inChannels, height, width]);
  const timestep = b.input('timestep', [1]);
  const contextShape = [batch, contextTokens, config.crossAttentionDim];
  const encoderHiddenStates = b.input('encoder_hidden_states', contextShape);
  const inputs = {
    sample,
    timestep: batch === 1 ? timestep : b.expand(timestep, [batch]),
    encoderHiddenStates,
  };
  return b.build({ out_sample: buildNanosdUnet(b, config, inputs) });
}
