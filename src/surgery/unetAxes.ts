import type { StagedUnetConfig } from '../models/index.js';

/** The channels along one axis of a weight: lengths of its parts, in order. */
export type AxisParts = readonly number[];

/**
 * What the axes of a U-Net's weight are made of, so that a narrower network takes the first channels of
 * each part: what flows and what is skipped in where both are joined, each head, both halves of a GEGLU.
 * Axes beyond those listed (kernels) are whole.
 * @throws Error for a key that the network does not have.
 */
export function unetAxes(config: StagedUnetConfig, key: string): readonly AxisParts[] {
  const { levels } = config;
  const [fine] = levels;
  const embedding: AxisParts = [fine.channels * 4];
  const path = key.split('.');
  switch (path[0]) {
    case 'conv_in':
      return [[fine.channels], [config.inChannels]];
    case 'conv_norm_out':
      return [[fine.channels]];
    case 'conv_out':
      return [[config.outChannels], [fine.channels]];
    case 'time_embedding': {
      const sinusoid: AxisParts = [fine.channels / 2, fine.channels / 2];
      return [embedding, path[1] === 'linear_1' ? sinusoid : embedding];
    }
  }
  const { level, entering } = placeOf(config, path);
  const { channels, heads } = levels[level];
  const [kind, ...rest] = path.slice(path[0] === 'mid_block' ? 1 : 2);
  switch (kind) {
    case 'resnets':
      return resnetAxes(rest[1], channels, entering, embedding);
    case 'attentions':
      return attentionAxes(rest.slice(1).join('.'), channels, heads, config.crossAttentionDim);
    case 'downsamplers':
    case 'upsamplers':
      return [[channels], [channels]];
    default:
      throw new Error(`expected a weight of a U-Net, got ${key}`);
  }
}

/** The level that a module belongs to, and the channels that enter its resnet. */
function placeOf(
  { levels }: StagedUnetConfig,
  path: readonly string[],
): { level: number; entering: AxisParts } {
  const coarsest = levels.length - 1;
  if (path[0] === 'mid_block') return { level: coarsest, entering: [levels[coarsest].channels] };
  const block = Number(path[1]);
  const layer = Number(path[3]);
  if (path[0] === 'down_blocks') {
    const before = layer === 0 ? Math.max(block - 1, 0) : block;
    return { level: block, entering: [levels[before].channels] };
  }
  const level = coarsest - block;
  const flowing = layer === 0 ? Math.min(level + 1, coarsest) : level;
  const { upSkips, skipSlots } = levels[level];
  const skipped = upSkips[layer] === skipSlots - 1 ? Math.max(level - 1, 0) : level;
  return { level, entering: [levels[flowing].channels, levels[skipped].channels] };
}

function resnetAxes(
  part: string,
  channels: number,
  entering: AxisParts,
  embedding: AxisParts,
): readonly AxisParts[] {
  switch (part) {
    case 'norm1':
      return [entering];
    case 'conv1':
    case 'conv_shortcut':
      return [[channels], entering];
    case 'time_emb_proj':
      return [[channels], embedding];
    default:
      return [[channels], [channels]];
  }
}

function attentionAxes(
  part: string,
  channels: number,
  heads: number,
  crossAttentionDim: number,
): readonly AxisParts[] {
  const byHead: AxisParts = new Array<number>(heads).fill(channels / heads);
  if (/\.attn2\.to_[kv]\./.test(part)) return [byHead, [crossAttentionDim]];
  if (/\.to_[qkv]\./.test(part)) return [byHead, [channels]];
  if (part.includes('.to_out.')) return [[channels], byHead];
  if (part.includes('.ff.net.0.')) return [[channels * 4, channels * 4], [channels]];
  if (part.includes('.ff.net.2.')) return [[channels], [channels * 4]];
  return [[channels], [channels]];
}
