import type { Checkpoint } from '../weights/index.js';
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

/** The configs of a single file: those in its header, or else SD 1.5's, as the layout has no place for any. */
export function ldmFiles(file: Checkpoint, path: string): PipelineFiles {
  const read = (component: 'unet' | 'vae' | 'text_encoder' | 'scheduler'): ConfigFile | null => {
    const text = file.metadata[ldmConfigKeys[component]];
    return text === undefined ? presets.sd15[component] : parseObject(text, `${path}: ${component}`);
  };
  const hasText = hasPrefix(file.entries.keys(), ldmPrefixes.CLIPTextModel);
  const given = (component: 'unet' | 'vae' | 'scheduler'): ConfigFile =>
    read(component) ?? presets.sd15[component];
  return {
    unet: given('unet'),
    vae: given('vae'),
    text_encoder: hasText ? read('text_encoder') : null,
    scheduler: given('scheduler'),
  };
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
];

const networks: readonly string[] = Object.values(ldmPrefixes);

/** Names that no network of the layout has, nor anything else that is known to be in such files. */
export function unknownLdmNames(names: Iterable<string>): readonly string[] {
  return [...names].filter((name) => {
    if (passengers.some((pattern) => pattern.test(name))) return false;
    return !networks.some((prefix) => name.startsWith(prefix));
  });
}
