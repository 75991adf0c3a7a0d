import { parsePythonJson, type Checkpoint } from '../weights/index.js';
import { ldmPrefixes } from './ldmKeys.js';
import type { ConfigFile } from './network.js';
import { ConfigError } from './parseConfig.js';
import { presets, type PipelineFiles } from './presets.js';

/** Under which key the header of a single file that we write holds the config of a component. */
export const ldmConfigKeys: Readonly<Record<keyof PipelineFiles, string>> = {
  prompt_embeddings: 'nanosd.prompt_embeddings',
  unet: 'nanosd.unet',
  vae: 'nanosd.vae',
  text_encoder: 'nanosd.text_encoder',
  scheduler: 'nanosd.scheduler',
};

/**
 * The configs of a single file: those in its header, or else SD 1.5's, as the layout has no place for any, with what the file says
 * of its prediction and what its first convolution says of its input.
 */
export function ldmFiles(file: Checkpoint, path: string): PipelineFiles {
  const read = (component: 'unet' | 'vae' | 'text_encoder' | 'scheduler'): ConfigFile | null => {
    const text = file.metadata[ldmConfigKeys[component]];
    return text === undefined ? null : parseObject(text, `${path}: ${component}`);
  };
  const hasText = hasPrefix(file.entries.keys(), ldmPrefixes.CLIPTextModel);
  const channels = inputChannels(file.entries);
  return {
    unet: read('unet') ?? { ...presets.sd15.unet, in_channels: channels ?? 4 },
    vae: read('vae') ?? presets.sd15.vae,
    text_encoder: hasText ? (read('text_encoder') ?? presets.sd15.text_encoder) : null,
    scheduler: read('scheduler') ?? { ...presets.sd15.scheduler, ...predictionOf(file).settings },
  };
}

function inputChannels(entries: Checkpoint['entries']): number | undefined {
  return entries.get(`${ldmPrefixes.UNet2DConditionModel}input_blocks.0.0.weight`)?.shape[1];
}

/**
 * What a network was trained to predict, where its file says so: in the notes of Stability's modelspec or of kohya's trainer, or by
 * tensors without a use called `v_pred` and `ztsnr` (trained with a signal-to-noise ratio that ends at 0).
 */
function predictionOf({ metadata, entries }: Checkpoint): {
  readonly settings: ConfigFile;
  readonly notice: string | null;
} {
  const said = metadata['modelspec.prediction_type']?.toLowerCase() ?? '';
  const isVelocity =
    ['v', 'v_prediction', 'v-prediction', 'velocity'].includes(said) ||
    metadata.ss_v_parameterization?.toLowerCase() === 'true' ||
    entries.has('v_pred');
  const isZeroSnr = entries.has('ztsnr') || metadata.ss_zero_terminal_snr?.toLowerCase() === 'true';
  const settings = {
    ...(isVelocity && { prediction_type: 'v_prediction' }),
    ...(isZeroSnr && { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' }),
  };
  const words = [
    ...(isVelocity ? ['it predicts velocities'] : []),
    ...(isZeroSnr ? ['its noise ends at a signal-to-noise ratio of 0'] : []),
  ];
  return { settings, notice: words.length > 0 ? `the file says that ${words.join(' and ')}` : null };
}

/** Which part of a checkpoint a file lacks, in words; undefined where it has a U-Net and a VAE that we read. */
export function missingParts(entries: Checkpoint['entries']): string | undefined {
  const has = (prefix: string): boolean => hasPrefix(entries.keys(), prefix);
  const [hasUnet, hasVae] = [ldmPrefixes.UNet2DConditionModel, ldmPrefixes.AutoencoderKL].map(has);
  if (!hasUnet && has('model_ema.')) {
    return 'one with averaged weights alone (model_ema.*), without those of the U-Net itself';
  }
  if (!hasUnet && !hasVae) {
    const [first = 'none'] = entries.keys();
    return `a file without a U-Net and a VAE, whose weights begin with ${printable(first)}`;
  }
  if (!hasUnet) return 'one that has no U-Net (is it a VAE alone?)';
  if (!hasVae) return 'one that has no VAE; join it with one first, as diffusers does';
  const channels = inputChannels(entries) ?? 4;
  return channels === 4 || channels === 9 ? undefined : `a U-Net that takes ${channels} channels (of depth or instruct-pix2pix?)`;
}

function printable(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

/** What of a single file is passed over, and what it says of itself. */
export function ldmNotices(file: Checkpoint): string[] {
  const unknown = unknownLdmNames(file.entries.keys());
  const groups = [...new Set(unknown.map((name) => name.split('.').slice(0, 2).join('.')))];
  const beside = file.metadata['torch.ignored'];
  const { notice } = predictionOf(file);
  const listed = (names: readonly string[]): string =>
    names.slice(0, 6).map(printable).join(', ') + (names.length > 6 ? `, and ${names.length - 6} more` : '');
  const isOurs = file.metadata[ldmConfigKeys.scheduler] !== undefined;
  return [
    ...(notice !== null && !isOurs ? [notice] : []),
    ...(groups.length > 0 ? [`ignored of the weights: ${listed(groups)}`] : []),
    ...(beside === undefined ? [] : [`ignored beside the weights: ${listed(beside.split(', '))}`]),
  ];
}

function hasPrefix(names: Iterable<string>, prefix: string): boolean {
  for (const name of names) if (name.startsWith(prefix)) return true;
  return false;
}

function parseObject(text: string, label: string): ConfigFile {
  try {
    const value = parsePythonJson(text);
    if (typeof value === 'object' && value !== null) return value as ConfigFile;
  } catch {
    // Told below, as anything else that is no object.
  }
  throw new ConfigError(`${label}: expected a JSON object in the header`);
}

/**
 * What original files hold besides the networks: averaged weights of training, tables of the noise schedule, and
 * leftovers of other parts of CLIP.
 */
const passengers: readonly RegExp[] = [
  /^model_ema\./,
  /^(alphas|betas|logvar|lvlb_weights|log_one_minus_alphas|posterior_|sqrt_|scale_factor$)/,
  /^cond_stage_model\.(logit_scale|text_projection|transformer\.text_projection)/,
  /^cond_stage_model\.transformer\.(vision_model|visual_projection|logit_scale)/,
  /^(v_pred|ztsnr)$/,
];

const networks: readonly string[] = Object.values(ldmPrefixes);

/** Names that no network of the layout has, nor anything else that is known to be in such files. */
function unknownLdmNames(names: Iterable<string>): readonly string[] {
  return [...names].filter((name) => {
    if (passengers.some((pattern) => pattern.test(name))) return false;
    return !networks.some((prefix) => name.startsWith(prefix));
  });
}
