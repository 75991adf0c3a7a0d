import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { conv2d, resnetBlockTiny } from '../nn/index.js';
import { float32 } from '../tensor/index.js';
import type { MapSize } from './autoencoderKL.js';
import type { NanosdAutoencoderConfig, TinyStack } from './nanosdAutoencoderConfig.js';

/**
 * The encoder of NanoSD's VAE (arXiv 2601.09823: narrow, of `resnetBlockTiny` alone), with an `AutoencoderKL`'s
 * input and output: `sample` `[N, inChannels, H, W]` in [-1, 1] to `latent_parameters`
 * `[N, 2 latentChannels, h, w]`, the mean and the logarithm of the variance.
 */
export function nanosdEncoder(config: NanosdAutoencoderConfig, size: MapSize): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', [size.batch, config.inChannels, size.height, size.width]);
  return b.build({ latent_parameters: buildNanosdEncoder(b, config, sample) });
}

/** The decoder, with an `AutoencoderKL`'s input and output: `latent_sample` `[N, latentChannels, h, w]` to `sample` `[N, outChannels, H, W]`, about [-1, 1] but not clamped. */
export function nanosdDecoder(config: NanosdAutoencoderConfig, size: MapSize): Graph {
  const b = new GraphBuilder();
  const shape = [size.batch, config.latentChannels, size.height, size.width];
  return b.build({ sample: buildNanosdDecoder(b, config, b.input('latent_sample', shape)) });
}

/** Adds the encoder to a graph; see `nanosdEncoder`. */
export function buildNanosdEncoder(
  b: GraphBuilder,
  config: NanosdAutoencoderConfig,
  sample: Value,
): Value {
  const { encoder, latentChannels, scalingFactor } = config;
  const { channels } = encoder;
  let hidden = conv2d(b, 'encoder.conv_in', sample, channels[0]);
  channels.forEach((_, level) => {
    const name = `encoder.down_blocks.${level}`;
    hidden = blocks(b, name, hidden, level, encoder, config);
    b.tap(name, hidden, 2 ** level);
    if (level === channels.length - 1) return;
    const options = { stride: 2, padding: 1 };
    hidden = conv2d(b, `${name}.downsamplers.0.conv`, hidden, channels[level + 1], options);
  });
  const moments = conv2d(b, 'encoder.conv_out', hidden, 2 * latentChannels);
  // Inside, latents have the U-Net's scale, a deviation of about one.
  const scales = Array.from({ length: 2 * latentChannels }, (_, i) =>
    i < latentChannels ? 1 / scalingFactor : 1,
  );
  return b.mul(moments, b.constant(float32([1, 2 * latentChannels, 1, 1], scales)));
}

/** Adds the decoder to a graph; see `nanosdDecoder`. */
export function buildNanosdDecoder(
  b: GraphBuilder,
  config: NanosdAutoencoderConfig,
  latent: Value,
): Value {
  const { decoder, outChannels, scalingFactor } = config;
  const { channels } = decoder;
  const coarsest = channels.length - 1;
  const scaled = b.scale(latent, scalingFactor);
  let hidden = conv2d(b, 'decoder.conv_in', scaled, channels[coarsest]);
  for (let level = coarsest; level >= 0; level--) {
    const name = `decoder.up_blocks.${coarsest - level}`;
    hidden = blocks(b, name, hidden, level, decoder, config);
    b.tap(name, hidden, 2 ** level);
    if (level === 0) break;
    const [, , h, w] = hidden.shape;
    const sides = { height: h * 2, width: w * 2 };
    const enlarged = b.apply('resize', [hidden], { mode: 'nearest', ...sides });
    hidden = conv2d(b, `${name}.upsamplers.0.conv`, enlarged, channels[level - 1]);
  }
  return conv2d(b, 'decoder.conv_out', hidden, outChannels);
}

/** Pixels a side for one cell of the latent. */
export function nanosdLatentFactor({ encoder }: NanosdAutoencoderConfig): number {
  return 2 ** (encoder.channels.length - 1);
}

function blocks(
  b: GraphBuilder,
  name: string,
  x: Value,
  level: number,
  { channels, layers }: TinyStack,
  { actFn }: NanosdAutoencoderConfig,
): Value {
  let hidden = x;
  for (let i = 0; i < layers[level]; i++) {
    hidden = resnetBlockTiny(b, `${name}.resnets.${i}`, hidden, channels[level], actFn);
  }
  return hidden;
}
