// The names of weights in the original single-file layout (CompVis latent-diffusion), from those of diffusers.

import type { AutoencoderKLConfig } from './autoencoderKLConfig.js';
import type { Network } from './network.js';
import type { Unet2DConditionConfig } from './unet2DConditionConfig.js';

/** What the names of a network begin with in the original layout. */
export const ldmPrefixes = {
  UNet2DConditionModel: 'model.diffusion_model.',
  AutoencoderKL: 'first_stage_model.',
  CLIPTextModel: 'cond_stage_model.transformer.',
} as const;

type OriginalClass = keyof typeof ldmPrefixes;

/** Whether the original layout has a place for a network. */
export function isOfOriginal(
  network: Network,
): network is Extract<Network, { readonly className: OriginalClass }> {
  return Object.hasOwn(ldmPrefixes, network.className);
}

/**
 * A weight's name in the original layout, from that in diffusers; undefined for a network that the layout has
 * no place for. Distinct names stay distinct.
 */
export function ldmNaming(network: Network): ((name: string) => string) | undefined {
  switch (network.className) {
    case 'UNet2DConditionModel':
      return renaming(ldmPrefixes[network.className], unetModules(network.config), unetParts);
    case 'AutoencoderKL':
      return renaming(ldmPrefixes[network.className], vaeModules(network.config), vaeParts);
    case 'CLIPTextModel':
      return (name) => ldmPrefixes[network.className] + name;
    default:
      return undefined;
  }
}

/** Names of modules, or of what is inside a kind of module, from diffusers' to the original. */
type Names = ReadonlyMap<string, string>;

function renaming(prefix: string, modules: Names, parts: (module: string) => Names) {
  return (name: string): string => {
    const segments = name.split('.');
    for (let length = segments.length - 1; length > 0; length--) {
      const module = segments.slice(0, length).join('.');
      const renamed = modules.get(module);
      if (renamed === undefined) continue;
      return `${prefix}${renamed}.${renamePart(segments.slice(length).join('.'), parts(module))}`;
    }
    throw new Error(`expected the name of a weight, got ${name}`);
  };
}

/** `conv1.weight` by what `conv1` is called. */
function renamePart(part: string, names: Names): string {
  const end = part.lastIndexOf('.');
  const renamed = end === -1 ? undefined : names.get(part.slice(0, end));
  return renamed === undefined ? part : renamed + part.slice(end);
}

const none: Names = new Map();

const unetResnet: Names = new Map([
  ['norm1', 'in_layers.0'],
  ['conv1', 'in_layers.2'],
  ['time_emb_proj', 'emb_layers.1'],
  ['norm2', 'out_layers.0'],
  ['conv2', 'out_layers.3'],
  ['conv_shortcut', 'skip_connection'],
]);

function unetParts(module: string): Names {
  return module.includes('.resnets.') ? unetResnet : none;
}

/** Blocks are numbered through: each layer is one, and so is each downsampler. */
function unetModules(config: Unet2DConditionConfig): Names {
  const modules = new Map([
    ['conv_in', 'input_blocks.0.0'],
    ['time_embedding.linear_1', 'time_embed.0'],
    ['time_embedding.linear_2', 'time_embed.2'],
    ['mid_block.resnets.0', 'middle_block.0'],
    ['mid_block.attentions.0', 'middle_block.1'],
    ['mid_block.resnets.1', 'middle_block.2'],
    ['conv_norm_out', 'out.0'],
    ['conv_out', 'out.2'],
  ]);
  const { layersPerBlock, upAttention } = config;
  let block = 1;
  layersPerBlock.forEach((layers, level) => {
    const name = `down_blocks.${level}`;
    for (let i = 0; i < layers; i++, block++) {
      modules.set(`${name}.resnets.${i}`, `input_blocks.${block}.0`);
      modules.set(`${name}.attentions.${i}`, `input_blocks.${block}.1`);
    }
    if (level === layersPerBlock.length - 1) return;
    modules.set(`${name}.downsamplers.0.conv`, `input_blocks.${block++}.0.op`);
  });
  block = 0;
  for (let level = layersPerBlock.length - 1; level >= 0; level--) {
    const name = `up_blocks.${layersPerBlock.length - 1 - level}`;
    for (let i = 0; i <= layersPerBlock[level]; i++, block++) {
      modules.set(`${name}.resnets.${i}`, `output_blocks.${block}.0`);
      modules.set(`${name}.attentions.${i}`, `output_blocks.${block}.1`);
    }
    const upsampler = `output_blocks.${block - 1}.${upAttention[level] ? 2 : 1}.conv`;
    modules.set(`${name}.upsamplers.0.conv`, upsampler);
  }
  return modules;
}

const vaeResnet: Names = new Map([['conv_shortcut', 'nin_shortcut']]);

const vaeAttention: Names = new Map([
  ['group_norm', 'norm'],
  ['to_q', 'q'],
  ['to_k', 'k'],
  ['to_v', 'v'],
  ['to_out.0', 'proj_out'],
]);

function vaeParts(module: string): Names {
  if (module.includes('.resnets.')) return vaeResnet;
  return module.includes('.attentions.') ? vaeAttention : none;
}

/** The decoder's levels are numbered from fine to coarse here, against the order in which they run. */
function vaeModules({ blockOutChannels, layersPerBlock }: AutoencoderKLConfig): Names {
  const modules = new Map([
    ['quant_conv', 'quant_conv'],
    ['post_quant_conv', 'post_quant_conv'],
  ]);
  for (const part of ['encoder', 'decoder']) {
    modules.set(`${part}.conv_in`, `${part}.conv_in`);
    modules.set(`${part}.conv_norm_out`, `${part}.norm_out`);
    modules.set(`${part}.conv_out`, `${part}.conv_out`);
    modules.set(`${part}.mid_block.resnets.0`, `${part}.mid.block_1`);
    modules.set(`${part}.mid_block.attentions.0`, `${part}.mid.attn_1`);
    modules.set(`${part}.mid_block.resnets.1`, `${part}.mid.block_2`);
  }
  const coarsest = blockOutChannels.length - 1;
  blockOutChannels.forEach((_, level) => {
    const [down, up] = [`encoder.down.${level}`, `decoder.up.${coarsest - level}`];
    for (let i = 0; i <= layersPerBlock; i++) {
      modules.set(`encoder.down_blocks.${level}.resnets.${i}`, `${down}.block.${i}`);
      modules.set(`decoder.up_blocks.${level}.resnets.${i}`, `${up}.block.${i}`);
    }
    modules.set(`encoder.down_blocks.${level}.downsamplers.0.conv`, `${down}.downsample.conv`);
    modules.set(`decoder.up_blocks.${level}.upsamplers.0.conv`, `${up}.upsample.conv`);
  });
  return modules;
}
