import type { AutoencoderKLConfig } from '../models/index.js';
import { wholePart, type Axis, type AxisPart } from './channels.js';

/**
 * What the axes of an `AutoencoderKL`'s weight are made of, as `unetAxes` for a U-Net: a space for what flows
 * through a level of the encoder, and one for the decoder's; levels of equal width share it.
 */
export function autoencoderAxes(config: AutoencoderKLConfig, key: string): readonly Axis[] {
  const { latentChannels, blockOutChannels } = config;
  const [part, block, ...rest] = key.split('.');
  if (part === 'quant_conv')
    return [[wholePart(2 * latentChannels)], [wholePart(2 * latentChannels)]];
  if (part === 'post_quant_conv') return [[wholePart(latentChannels)], [wholePart(latentChannels)]];
  const isEncoder = part === 'encoder';
  const coarsest = blockOutChannels.length - 1;
  const [first, last] = isEncoder ? [0, coarsest] : [coarsest, 0];
  const at = (level: number): AxisPart => levelPart(config, part, level);
  switch (block) {
    case 'conv_in':
      return [[at(first)], [wholePart(isEncoder ? config.inChannels : latentChannels)]];
    case 'conv_norm_out':
      return [[at(last)]];
    case 'conv_out':
      return [[wholePart(isEncoder ? 2 * latentChannels : config.outChannels)], [at(last)]];
    case 'mid_block':
      return moduleAxes(`${part}.${block}`, rest, at(coarsest), at(coarsest));
  }
  const index = Number(rest[0]);
  const level = isEncoder ? index : coarsest - index;
  const before = isEncoder ? Math.max(level - 1, 0) : Math.min(level + 1, coarsest);
  const isFirst = rest[1] === 'resnets' && rest[2] === '0';
  const name = `${part}.${block}.${index}`;
  return moduleAxes(name, rest.slice(1), at(level), at(isFirst ? before : level));
}

function levelPart(
  { blockOutChannels, normNumGroups: groups }: AutoencoderKLConfig,
  part: string,
  level: number,
): AxisPart {
  const channels = blockOutChannels[level];
  let finest = level;
  while (finest > 0 && blockOutChannels[finest - 1] === channels) finest--;
  return { space: `${part}.level.${finest}`, channels, groups };
}

/** Of a resnet, an attention or a change of resolution. */
function moduleAxes(
  block: string,
  [kind, index, part]: readonly string[],
  stream: AxisPart,
  entering: AxisPart,
): readonly Axis[] {
  const { channels, groups } = stream;
  const module = `${block}.${kind}.${index}`;
  const inner = { space: `${module}.inner`, channels, groups };
  const heads = (its: string): AxisPart => ({ space: `${module}.${its}`, channels, groups: 1 });
  switch (part) {
    case 'norm1':
      return [[entering]];
    case 'conv1':
      return [[inner], [entering]];
    case 'norm2':
      return [[inner]];
    case 'conv2':
      return [[stream], [inner]];
    case 'conv_shortcut':
      return [[stream], [entering]];
    case 'to_q':
    case 'to_k':
      return [[heads('qk')], [stream]];
    case 'to_v':
      return [[heads('v')], [stream]];
    case 'to_out':
      return [[stream], [heads('v')]];
    default:
      return [[stream], [stream]];
  }
}
