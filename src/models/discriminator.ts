import type { GraphBuilder, Value } from '../graph/index.js';
import { spectralNorm } from '../nn/index.js';

export interface DiscriminatorConfig {
  /** `patch`: each answer is for a patch; `unet`: for a patch in the light of its surroundings (Wang et al. 2021, Real-ESRGAN). */
  readonly shape: 'patch' | 'unet';
  /** Channels of the finest level; a U-Net's others have twice as many. */
  readonly channels: number;
  /** Hidden layers of a `patch` discriminator. */
  readonly layers: number;
}

/** How real pictures `[N, 3, H, W]` in [0, 1] look, a number each 4x4 pixels, `[N, 1, H / 4, W / 4]`: higher is more real. */
export type Discriminator = (picture: Value) => Value;

/** What params are called, before the layer. */
export const discriminatorPrefix = 'discriminator.';

/** What the sides of its pictures must be multiples of. */
export function discriminatorMultiple({ shape }: DiscriminatorConfig): number {
  return shape === 'patch' ? 4 : 16;
}

/**
 * A discriminator, which may judge several batches. Pixels become channels in blocks of 4x4, which loses nothing, and all convolutions
 * have stride 1 and spectrally normalised weights: that is what training steps compute fastest.
 */
export function discriminator(b: GraphBuilder, config: DiscriminatorConfig): Discriminator {
  const layers = new Map<string, { readonly weight: Value; readonly bias: Value }>();
  const conv = (name: string, x: Value, channels: number): Value => {
    const made = layers.get(name) ?? {
      weight: spectralNorm(
        b,
        b.param(`${discriminatorPrefix}${name}.weight`, [channels, x.shape[1], 3, 3]),
      ),
      bias: b.param(`${discriminatorPrefix}${name}.bias`, [channels]),
    };
    layers.set(name, made);
    return b.conv(x, made.weight, made.bias, { pads: [1, 1, 1, 1] });
  };
  const layer = (name: string, x: Value, channels: number): Value =>
    b.apply('leakyRelu', [conv(name, x, channels)], { alpha: 0.2 });
  const { channels } = config;
  return (picture) => {
    const blocks = b.pixelUnshuffle(b.shift(b.scale(picture, 2), -1), 4);
    let x = layer('conv_in', blocks, channels);
    if (config.shape === 'unet') x = aroundIt(b, layer, x);
    else for (let i = 1; i < config.layers; i++) x = layer(`layers.${i}`, x, channels);
    return conv('conv_out', x, 1);
  };
}

/** Two levels down and up again, with what was there added. */
function aroundIt(
  b: GraphBuilder,
  layer: (name: string, x: Value, channels: number) => Value,
  fine: Value,
): Value {
  const [, channels] = fine.shape;
  const middle = layer('down.0', b.pixelUnshuffle(fine, 2), 2 * channels);
  const coarse = layer('down.1', b.pixelUnshuffle(middle, 2), 2 * channels);
  const up = b.add(b.pixelShuffle(layer('up.0', coarse, 8 * channels), 2), middle);
  const last = b.add(b.pixelShuffle(layer('up.1', up, 4 * channels), 2), fine);
  return layer('layers.1', last, channels);
}
