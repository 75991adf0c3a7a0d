import { z } from 'zod';
import type { TinyStack } from './nanosdAutoencoderConfig.js';
import { nanosdUnetConfig, nanosdUnetConfigSchema } from './nanosdUnetConfig.js';
import type { StagedUnetConfig } from './stagedUnet.js';

const widths = z.array(z.int().min(1).max(4096)).min(1).max(8);
const counts = z.array(z.int().min(0).max(64)).min(1).max(8);
const powerOfTwo = z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)], {
  error: 'expected 1, 2, 4 or 8',
});

/**
 * What leads around the U-Net and its latents: `input` from the encoder to the U-Net's first map, `encoder` from
 * the encoder to the decoder's maps of the same size, `unet` from the U-Net's last map to the decoder.
 */
export const restorerRoutes = ['input', 'encoder', 'unet'] as const;
export type RestorerRoute = (typeof restorerRoutes)[number];

/** The keys of a `NanoSDRestorer`'s `config.json` besides its U-Net. Lists go from fine to coarse. */
export const nanosdRestorerShape = {
  _class_name: z.literal('NanoSDRestorer'),
  _nanosd_version: z.string().optional(),
  /** What the weights were trained for: `sr`, `clean`, `deblur`, ... */
  task: z.string().default('sr'),
  scale: powerOfTwo,
  in_channels: z.int().min(1).max(4).default(3),
  /** Pixels of the output a side for one cell of the U-Net's grid: 4 in sd-mini, 8 in Stable Diffusion. */
  latent_factor: powerOfTwo,
  /** Tokens of the prompt that is built in. */
  prompt_tokens: z.int().min(1).max(1024),
  /** The last level lies on the grid; what the others do not halve, a pixel unshuffle before the first does. */
  encoder_block_out_channels: widths,
  encoder_layers_per_block: counts,
  /** The last level lies on the grid; what the others do not double, a pixel shuffle at the end does. */
  decoder_block_out_channels: widths,
  decoder_layers_per_block: counts,
  act_fn: z.enum(['relu', 'silu', 'gelu']).default('relu'),
  routes: z.array(z.enum(restorerRoutes)).default([...restorerRoutes]),
} as const;

type Keys = z.output<z.ZodObject<typeof nanosdRestorerShape>>;
/** Some of the keys: what a training config says, and its checkpoint does not. */
type GivenKeys = { readonly [K in keyof Keys]?: Keys[K] | undefined };

/** What does not fit together of these keys, by key. */
export function restorerShapeProblems(
  file: GivenKeys,
): readonly (readonly [key: string, message: string])[] {
  const problems: (readonly [string, string])[] = [];
  const { scale = 1, latent_factor: factor = 8 } = file;
  if (scale > factor) {
    problems.push(['scale', `expected at most ${factor}, the latent_factor of the family`]);
  }
  const most = { encoder: Math.log2(factor / scale) + 1, decoder: Math.log2(factor) + 1 };
  for (const part of ['encoder', 'decoder'] as const) {
    const channels = file[`${part}_block_out_channels`];
    const layers = file[`${part}_layers_per_block`];
    if (channels && scale <= factor && channels.length > most[part]) {
      const change = part === 'encoder' ? 'halvings to' : 'doublings from';
      problems.push([
        `${part}_block_out_channels`,
        `expected at most ${most[part]} entries, for ${most[part] - 1} ${change} the grid of the U-Net`,
      ]);
    }
    if (channels && layers && channels.length !== layers.length) {
      const message = `expected one entry for each of ${part}_block_out_channels`;
      problems.push([`${part}_layers_per_block`, message]);
    }
  }
  return problems;
}

/** `config.json` of a restorer that a member of the family is the middle of. */
export const nanosdRestorerConfigSchema = z
  .strictObject({ ...nanosdRestorerShape, unet: nanosdUnetConfigSchema })
  .superRefine((file, context) => {
    for (const [key, message] of restorerShapeProblems(file)) {
      context.addIssue({ code: 'custom', path: [key], message });
    }
  });

export type NanosdRestorerFile = z.output<typeof nanosdRestorerConfigSchema>;

/** Encoder, U-Net of a member of the family, decoder. Lists go from fine to coarse. */
export interface NanosdRestorerConfig {
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  readonly inChannels: number;
  /** Output pixels a side for one cell of the U-Net's grid. */
  readonly latentFactor: number;
  readonly promptTokens: number;
  readonly unet: StagedUnetConfig;
  readonly encoder: TinyStack;
  readonly decoder: TinyStack;
  readonly actFn: 'relu' | 'silu' | 'gelu';
  readonly routes: readonly RestorerRoute[];
}

/** The config under the names that the code uses. */
export function nanosdRestorerConfig(file: NanosdRestorerFile): NanosdRestorerConfig {
  return {
    scale: file.scale,
    inChannels: file.in_channels,
    latentFactor: file.latent_factor,
    promptTokens: file.prompt_tokens,
    unet: nanosdUnetConfig(file.unet),
    encoder: { channels: file.encoder_block_out_channels, layers: file.encoder_layers_per_block },
    decoder: { channels: file.decoder_block_out_channels, layers: file.decoder_layers_per_block },
    actFn: file.act_fn,
    routes: file.routes,
  };
}
