import type { ConfigFile } from './network.js';

/** What NanoSD reads, as messages say it. */
export const supportedCheckpoints =
  'a Stable Diffusion 1.x checkpoint (1.1 to 1.5, a fine-tune, or a BK-SDM or Segmind student of it)';

/** Pipelines of other families by the beginning of their class; the first that fits counts. */
const pipelineFamilies: readonly (readonly [RegExp, string])[] = [
  [/^StableDiffusionXL/, 'Stable Diffusion XL'],
  [/^StableDiffusion3/, 'Stable Diffusion 3'],
  [/^StableDiffusionUpscale/, 'the Stable Diffusion x4 upscaler'],
  [/^StableCascade|^Wuerstchen/, 'Stable Cascade'],
  [/^Flux/, 'Flux'],
  [/^PixArt/, 'PixArt'],
  [/^Kandinsky/, 'Kandinsky'],
];

/** What a `model_index.json` is of, if it is of a family that is not supported. */
export function unsupportedPipeline(index: ConfigFile): string | undefined {
  const className = String(index._class_name);
  const family = pipelineFamilies.find(([pattern]) => pattern.test(className));
  if (family) return family[1];
  if ('text_encoder_2' in index) return 'Stable Diffusion XL';
  return 'transformer' in index ? `a diffusion transformer (${className})` : undefined;
}

/** What the `config.json` of a U-Net is of, if it is of a family that is not supported. */
export function unsupportedUnet(file: ConfigFile): string | undefined {
  const { addition_embed_type: addition, cross_attention_dim: width } = file;
  if (addition === 'text_time' || width === 2048) return 'Stable Diffusion XL';
  const isSecond = width === 1024 || file.use_linear_projection === true;
  return isSecond ? 'Stable Diffusion 2' : undefined;
}

/** Single files of other families by a name that only they hold. */
const fileFamilies: readonly (readonly [RegExp, string])[] = [
  [/^conditioner\.embedders\./, 'Stable Diffusion XL'],
  [/^cond_stage_model\.model\./, 'Stable Diffusion 2'],
  [/^model\.diffusion_model\.joint_blocks\./, 'Stable Diffusion 3'],
  [/(^|\.)double_blocks\./, 'Flux'],
  [/^control_model\.|^controlnet_/, 'a ControlNet'],
  [/^lora_|\.lora_(down|up|A|B)\.|lora\.(down|up)\./, 'a LoRA, which changes a checkpoint and is none'],
];

/** What a single file holds, if it is of a family that is not supported. */
export function unsupportedFile(names: Iterable<string>): string | undefined {
  for (const name of names) {
    const family = fileFamilies.find(([pattern]) => pattern.test(name));
    if (family) return family[1];
  }
  return undefined;
}
