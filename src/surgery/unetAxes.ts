import type { StagedUnetConfig } from '../models/index.js';
import { sinusoidSpace, wholePart, type Axis, type AxisPart } from './channels.js';

/**
 * What the axes of a U-Net's weight are made of, so that a narrower network takes the same channels wherever
 * they are written, skipped or read. A level has one space for all that flows through it and is skipped to
 * its decoder; levels of equal width share it, because resnets between them add what comes in to what goes
 * out. What lies inside a resnet, a transformer or a head is a space of its own. Axes beyond those
 * listed (kernels) are whole.
 * @throws Error for a key that the network does not have.
 */
export function unetAxes(config: StagedUnetConfig, key: string): readonly Axis[] {
  const { levels, normNumGroups: groups } = config;
  const stream = (level: number): AxisPart => levelPart(config, level);
  const path = key.split('.');
  switch (path[0]) {
    case 'conv_in':
      return [[stream(0)], [wholePart(config.inChannels)]];
    case 'conv_norm_out':
      return [[stream(0)]];
    case 'conv_out':
      return [[wholePart(config.outChannels)], [stream(0)]];
    case 'time_embedding':
      return timeAxes(levels[0].channels, path[1]);
  }
  const { level, entering } = placeOf(config, path);
  const { channels, heads } = levels[level];
  const start = path[0] === 'mid_block' ? 1 : 2;
  const [kind, index, ...rest] = path.slice(start);
  const module = path.slice(0, start + 2).join('.');
  switch (kind) {
    case 'resnets': {
      const inner = { space: `${module}.inner`, channels, groups };
      return resnetAxes(rest[0], stream(level), inner, entering, temb(levels[0].channels));
    }
    case 'attentions': {
      const size = { channels, heads, contextWidth: config.crossAttentionDim };
      return attentionAxes(module, rest.join('.'), stream(level), size);
    }
    case 'downsamplers':
    case 'upsamplers':
      return [[stream(level)], [stream(level)]];
    default:
      throw new Error(`expected a weight of a U-Net, got ${key} (${kind} ${index})`);
  }
}

function levelPart({ levels, normNumGroups: groups }: StagedUnetConfig, level: number): AxisPart {
  const { channels } = levels[level];
  let finest = level;
  while (finest > 0 && levels[finest - 1].channels === channels) finest--;
  return { space: `level.${finest}`, channels, groups };
}

function temb(channels: number): AxisPart {
  return { space: 'temb', channels: channels * 4, groups: 1 };
}

function timeAxes(channels: number, layer: string): readonly Axis[] {
  const hidden = { space: 'time_embedding', channels: channels * 4, groups: 1 };
  if (layer !== 'linear_1') return [[temb(channels)], [hidden]];
  const waves = { space: sinusoidSpace, channels: channels / 2, groups: 1 };
  return [[hidden], [waves, waves]];
}

/** The level that a module belongs to, and the channels that enter its resnet. */
function placeOf(
  config: StagedUnetConfig,
  path: readonly string[],
): { level: number; entering: Axis } {
  const { levels } = config;
  const coarsest = levels.length - 1;
  const at = (level: number): AxisPart => levelPart(config, level);
  if (path[0] === 'mid_block') return { level: coarsest, entering: [at(coarsest)] };
  const block = Number(path[1]);
  const layer = Number(path[3]);
  if (path[0] === 'down_blocks') {
    return { level: block, entering: [at(layer === 0 ? Math.max(block - 1, 0) : block)] };
  }
  const level = coarsest - block;
  const flowing = layer === 0 ? Math.min(level + 1, coarsest) : level;
  const { upSkips, skipSlots } = levels[level];
  const skipped = upSkips[layer] === skipSlots - 1 ? Math.max(level - 1, 0) : level;
  return { level, entering: [at(flowing), at(skipped)] };
}

function resnetAxes(
  part: string,
  stream: AxisPart,
  inner: AxisPart,
  entering: Axis,
  embedding: AxisPart,
): readonly Axis[] {
  switch (part) {
    case 'norm1':
      return [entering];
    case 'conv1':
      return [[inner], entering];
    case 'time_emb_proj':
      return [[inner], [embedding]];
    case 'norm2':
      return [[inner]];
    case 'conv2':
      return [[stream], [inner]];
    default:
      return [[stream], entering];
  }
}

interface AttentionSize {
  readonly channels: number;
  readonly heads: number;
  readonly contextWidth: number;
}

function attentionAxes(
  module: string,
  part: string,
  stream: AxisPart,
  { channels, heads, contextWidth }: AttentionSize,
): readonly Axis[] {
  const inside = { space: `${module}.stream`, channels, groups: 1 };
  if (part.startsWith('norm.')) return [[stream]];
  if (part.startsWith('proj_in.')) return [[inside], [stream]];
  if (part.startsWith('proj_out.')) return [[stream], [inside]];
  const [layer, kind] = part.split('.').slice(2);
  if (layer === 'ff') {
    const hidden = { space: `${module}.ff`, channels: channels * 4, groups: 1 };
    return part.includes('.net.0.') ? [[hidden, hidden], [inside]] : [[inside], [hidden]];
  }
  const headPart = (its: string): AxisPart => {
    return { space: `${module}.${layer}.${its}`, channels, groups: heads };
  };
  const read = layer === 'attn2' ? wholePart(contextWidth) : inside;
  switch (kind) {
    case 'to_q':
      return [[headPart('qk')], [inside]];
    case 'to_k':
      return [[headPart('qk')], [read]];
    case 'to_v':
      return [[headPart('v')], [read]];
    case 'to_out':
      return [[inside], [headPart('v')]];
    default:
      return [[inside]];
  }
}
