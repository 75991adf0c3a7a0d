import { formatShape, type Shape } from '../tensor/index.js';
import {
  castSource,
  joinSources,
  renameSource,
  stringifyPythonJson,
  WeightsError,
  type Origin,
  type TensorSource,
} from '../weights/index.js';
import { ldmConfigKeys } from './ldmFile.js';
import { ldmNaming } from './ldmKeys.js';
import type { ComponentName, ConfigFile, Network } from './network.js';
import type { ComponentConfig, NetworkIn, PipelineConfigs } from './pipeline.js';
import { diffusersVersion } from './presets.js';

/** A network with weights that can be had one at a time: read, or made on the way. */
export interface ComponentToWrite<N extends Network = Network> extends ComponentConfig<N> {
  /** Under the names of the network's params. */
  readonly weights: TensorSource;
}

/** What `writeCheckpoint` writes; an opened checkpoint is one. */
export interface PipelineToWrite {
  readonly unet: ComponentToWrite<NetworkIn<'unet'>>;
  readonly vae: ComponentToWrite<NetworkIn<'vae'>>;
  readonly textEncoder: ComponentToWrite<NetworkIn<'text_encoder'>> | null;
  readonly promptEmbeddings: ComponentToWrite<NetworkIn<'prompt_embeddings'>> | null;
  readonly schedulerFile: ConfigFile;
}

/** The components that there are, by the name of their folder, in the order of the alphabet. */
export function componentsOf<U, V, T, P>(pipeline: {
  readonly unet: U;
  readonly vae: V;
  readonly textEncoder: T | null;
  readonly promptEmbeddings?: P | null;
}): ReadonlyMap<ComponentName, U | V | T | P> {
  const { unet, vae, textEncoder, promptEmbeddings } = pipeline;
  const components = new Map<ComponentName, U | V | T | P>();
  if (promptEmbeddings) components.set('prompt_embeddings', promptEmbeddings);
  if (textEncoder) components.set('text_encoder', textEncoder);
  return components.set('unet', unet).set('vae', vae);
}

/** What weights may be stored as. */
export type Precision = 'float32' | 'float16';

/** The checkpoint with its floating-point weights stored as `precision`. */
export function castPipeline(pipeline: PipelineToWrite, precision: Precision): PipelineToWrite {
  const cast = <C extends ComponentToWrite>(component: C): C => ({
    ...component,
    weights: castSource(component.weights, precision),
  });
  const { unet, vae, textEncoder, promptEmbeddings, schedulerFile } = pipeline;
  const file = textEncoder && { ...textEncoder.file, torch_dtype: precision };
  return {
    unet: cast(unet),
    vae: cast(vae),
    textEncoder: textEncoder && file && cast({ ...textEncoder, file }),
    promptEmbeddings: promptEmbeddings && cast(promptEmbeddings),
    schedulerFile,
  };
}

/** Which package has the class. */
const libraryOf = {
  UNet2DConditionModel: 'diffusers',
  NanoSDUNet2DConditionModel: 'nanosd',
} as const;

/** `model_index.json`, which tells diffusers what each folder holds. */
export function pipelineIndex(
  pipeline: PipelineConfigs | PipelineToWrite,
  hasTokenizer: boolean,
): ConfigFile {
  const { unet, vae, textEncoder, promptEmbeddings, schedulerFile } = pipeline;
  const absent = [null, null];
  return {
    _class_name: isInpainting(unet.network) ? 'StableDiffusionInpaintPipeline' : 'StableDiffusionPipeline',
    _diffusers_version: diffusersVersion,
    feature_extractor: absent,
    // No class of diffusers: it says so in a warning, and loads the rest.
    ...(promptEmbeddings && {
      prompt_embeddings: ['nanosd', promptEmbeddings.network.className],
    }),
    requires_safety_checker: false,
    safety_checker: absent,
    scheduler: ['diffusers', schedulerFile._class_name],
    text_encoder: textEncoder ? ['transformers', textEncoder.network.className] : absent,
    tokenizer: hasTokenizer ? ['transformers', 'CLIPTokenizer'] : absent,
    unet: [libraryOf[unet.network.className], unet.network.className],
    vae: ['diffusers', vae.network.className],
  };
}

/** Whether a U-Net also takes a masked picture and its mask. */
function isInpainting({ config }: NetworkIn<'unet'>): boolean {
  return config.inChannels === 2 * config.outChannels + 1;
}

/** The weights of a checkpoint as the original single file has them, and the header's notes. */
export function ldmContents(pipeline: PipelineToWrite): {
  weights: TensorSource;
  metadata: Readonly<Record<string, string>>;
} {
  const components = [...componentsOf(pipeline)];
  const notes: [string, string][] = components.map(([name, { file }]) => {
    return [ldmConfigKeys[name], jsonText(file)];
  });
  return {
    weights: joinSources(components.map(([, component]) => ldmWeights(component))),
    metadata: {
      'modelspec.sai_model_spec': '1.0.0',
      'modelspec.architecture': `stable-diffusion-v1${isInpainting(pipeline.unet.network) ? '-inpainting' : ''}`,
      'modelspec.prediction_type':
        pipeline.schedulerFile.prediction_type === 'v_prediction' ? 'v' : 'epsilon',
      ...Object.fromEntries(notes),
      [ldmConfigKeys.scheduler]: jsonText(pipeline.schedulerFile),
    },
  };
}

function ldmWeights({ network, weights }: ComponentToWrite): TensorSource {
  const naming = ldmNaming(network);
  if (!naming) {
    throw new WeightsError(`expected networks of the original layout, got ${network.className}`);
  }
  const origins = Array.from(weights.entries, ([name, { shape }]): [string, Origin] => {
    const renamed = naming(name);
    return [renamed, { name, shape: isConvolution(renamed) ? asConvolution(shape) : shape }];
  });
  return renameSource(weights, new Map(origins));
}

/** The VAE's attention is made of 1x1 convolutions in the original. */
function isConvolution(ldmName: string): boolean {
  return /\.attn_1\.(q|k|v|proj_out)\.weight$/.test(ldmName);
}

function asConvolution(shape: Shape): Shape {
  if (shape.length === 2) return [...shape, 1, 1];
  throw new WeightsError(`expected a matrix for the VAE's attention, got ${formatShape(shape)}`);
}

/** JSON as diffusers writes it: sorted keys, two spaces. */
export function jsonText(file: ConfigFile): string {
  return `${stringifyPythonJson(sorted(file))}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}
