import { z } from 'zod';
import type { StagedUnetConfig } from './stagedUnet.js';
import type { UnetLayer } from './unetBlocks.js';

const width = z.int().min(1).max(8192);
const slots = z.int().min(2).max(17);
const stage = z.string().regex(/^(RA?)+$/, {
  error: 'expected a stage of R (resnet), each with at most one A (transformer) after it',
});

/**
 * `config.json` of a U-Net that surgery has cut: the keys of a `UNet2DConditionModel`, with a string of
 * `R` (resnet) and `A` (transformer) for each stage where diffusers has block types and counts.
 */
export const nanosdUnetConfigSchema = z
  .strictObject({
    _class_name: z.literal('NanoSDUNet2DConditionModel'),
    _nanosd_version: z.string().optional(),
    sample_size: z.int().min(1).nullish(),
    in_channels: z.int().min(1).max(64),
    out_channels: z.int().min(1).max(64),
    flip_sin_to_cos: z.boolean().default(true),
    freq_shift: z.number().min(0).max(1).default(0),
    /** From fine to coarse. */
    block_out_channels: z.array(width).min(1).max(8),
    down_stages: z.array(stage),
    /** From coarse to fine, as diffusers has up blocks. */
    up_stages: z.array(stage),
    /** The skip slots that each stage of `up_stages` reads, one for each resnet. */
    up_skips: z.array(z.array(z.int().min(0))),
    /** Skip slots of a level: its teacher's layers on the way down, and what comes into it; a list has one number a level. */
    skip_slots: z.union([slots, z.array(slots)], {
      error: 'expected a whole number from 2 to 17, or a list of one a level',
    }),
    mid_block: z.boolean(),
    norm_num_groups: z.int().min(1),
    norm_eps: z.number().positive(),
    cross_attention_dim: width,
    /** The number of heads, in spite of its name; one a level. */
    attention_head_dim: z.array(z.int().min(1).max(256)),
  })
  .superRefine((file, context) => {
    const problem = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const levels = file.block_out_channels.length;
    for (const key of lists) {
      const value = file[key];
      if (!Array.isArray(value) || value.length === levels) continue;
      problem([key], `expected ${levels} entries, one for each of block_out_channels`);
    }
    file.up_stages.forEach((text, i) => {
      const resnets = stageLayers(text).length;
      const skips = file.up_skips[i] ?? [];
      const offered = skipSlotsAt(file.skip_slots, levels - 1 - i);
      if (skips.length === resnets && skips.every((slot) => slot < offered)) return;
      const range = `${resnets} slots below ${offered}`;
      problem(['up_skips', i], `expected ${range}, one for each R of "${text}"`);
    });
    file.block_out_channels.forEach((channels, level) => {
      const heads = attends(file, level) ? (file.attention_head_dim[level] ?? 1) : 1;
      const divisors = heads > 1 ? [file.norm_num_groups, heads] : [file.norm_num_groups];
      if (divisors.every((divisor) => channels % divisor === 0)) return;
      problem(['block_out_channels', level], `expected a multiple of ${divisors.join(' and ')}`);
    });
  });

const lists = ['down_stages', 'up_stages', 'up_skips', 'skip_slots', 'attention_head_dim'] as const;

export type NanosdUnetFile = z.output<typeof nanosdUnetConfigSchema>;

function skipSlotsAt(skipSlots: number | readonly number[], level: number): number {
  return typeof skipSlots === 'number' ? skipSlots : skipSlots[level];
}

interface Attending {
  readonly down_stages: readonly string[];
  readonly up_stages: readonly string[];
  readonly mid_block: boolean;
}

function attends(file: Attending, level: number): boolean {
  const coarsest = file.down_stages.length - 1;
  const stages = [file.down_stages[level], file.up_stages[coarsest - level]];
  return stages.some((text) => text?.includes('A')) || (level === coarsest && file.mid_block);
}

/** The config under the names that the code uses. */
export function nanosdUnetConfig(file: NanosdUnetFile): StagedUnetConfig {
  const coarsest = file.block_out_channels.length - 1;
  return {
    inChannels: file.in_channels,
    outChannels: file.out_channels,
    flipSinToCos: file.flip_sin_to_cos,
    freqShift: file.freq_shift,
    normNumGroups: file.norm_num_groups,
    normEps: file.norm_eps,
    crossAttentionDim: file.cross_attention_dim,
    midBlock: file.mid_block,
    levels: file.block_out_channels.map((channels, level) => ({
      channels,
      heads: file.attention_head_dim[level],
      down: stageLayers(file.down_stages[level]),
      up: stageLayers(file.up_stages[coarsest - level]),
      upSkips: file.up_skips[coarsest - level],
      skipSlots: skipSlotsAt(file.skip_slots, level),
    })),
  };
}

/** The `config.json` of a config: the inverse of `nanosdUnetConfig`. `sampleSize` is that of its latents. */
export function nanosdUnetFile(config: StagedUnetConfig, sampleSize?: number): NanosdUnetFile {
  const { levels } = config;
  const [{ skipSlots }] = levels;
  const coarseFirst = levels.toReversed();
  return {
    _class_name: 'NanoSDUNet2DConditionModel',
    ...(sampleSize === undefined ? {} : { sample_size: sampleSize }),
    in_channels: config.inChannels,
    out_channels: config.outChannels,
    flip_sin_to_cos: config.flipSinToCos,
    freq_shift: config.freqShift,
    block_out_channels: levels.map(({ channels }) => channels),
    down_stages: levels.map(({ down }) => stageString(down)),
    up_stages: coarseFirst.map(({ up }) => stageString(up)),
    up_skips: coarseFirst.map(({ upSkips }) => [...upSkips]),
    skip_slots: levels.every((level) => level.skipSlots === skipSlots)
      ? skipSlots
      : levels.map((level) => level.skipSlots),
    mid_block: config.midBlock,
    norm_num_groups: config.normNumGroups,
    norm_eps: config.normEps,
    cross_attention_dim: config.crossAttentionDim,
    attention_head_dim: levels.map(({ heads }) => heads),
  };
}

/** The layers that a stage string stands for; an `A` belongs to the `R` before it. */
export function stageLayers(stage: string): readonly UnetLayer[] {
  const layers = stage.match(/RA?/g) ?? [];
  return layers.map((layer) => ({ attends: layer === 'RA' }));
}

/** The string of a stage: the inverse of `stageLayers`. */
export function stageString(layers: readonly UnetLayer[]): string {
  return layers.map(({ attends }) => (attends ? 'RA' : 'R')).join('');
}
