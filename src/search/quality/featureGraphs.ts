import {
  appendGraph,
  GraphBuilder,
  type AppendedGraph,
  type Graph,
  type Value,
} from '../../graph/index.js';
import { decoderOf, encoderOf, type Autoencoder, type MapSize } from '../../models/index.js';

/** Maps that features are taken from: what each depth of the encoder gives, and what it gives in the end. */
const encoderPlaces = /^encoder\.(conv_in|down_blocks\.\d+|mid_block|\d+)$/;
/** The first maps of the decoder, which have the latents' resolution (`up_blocks.0` maybe twice that). */
const decoderPlaces = /^decoder\.(conv_in|mid_block|up_blocks\.0|0)$/;

/**
 * Features of the pictures of latents, as the VAE's own encoder sees them: input `latents` `[N, C, h, w]` on the
 * U-Net's scale; output `features` `[N, D]`, the mean and the deviation over all cells of each channel, at
 * each depth of the encoder. Latents are decoded and pictures limited to what a file can hold first.
 */
export function pictureFeatureGraph(vae: Autoencoder, scale: number, size: MapSize): Graph {
  const b = new GraphBuilder();
  const pixels = limitedPixels(b, vae, scale, size);
  const [batch, , height, width] = pixels.shape;
  const encoder = encoderOf(vae, { batch, height, width });
  const { outputs, taps } = appendGraph(b, encoder, { sample: pixels });
  return pooled(b, [...placesOf(taps, encoderPlaces), ...Object.values(outputs)]);
}

/**
 * Features of latents that need no pictures: the same statistics of the latents and of the decoder's first maps.
 * Input and output as `pictureFeatureGraph`.
 */
export function latentFeatureGraph(vae: Autoencoder, scale: number, size: MapSize): Graph {
  const b = new GraphBuilder();
  const latents = latentsInput(b, vae, size);
  const { taps } = decode(b, vae, latents, scale);
  return pooled(b, [latents, ...placesOf(taps, decoderPlaces)]);
}

/** Pictures of latents, resampled where sides are given: input `latents`, output `pixels` `[N, 3, height, width]` in [0, 1]. */
export function picturesGraph(
  vae: Autoencoder,
  scale: number,
  size: MapSize,
  sides?: { readonly height: number; readonly width: number },
): Graph {
  const b = new GraphBuilder();
  const pixels = limitedPixels(b, vae, scale, size);
  const [, , height, width] = pixels.shape;
  const unit = b.shift(b.scale(pixels, 0.5), 0.5);
  const isSize = !sides || (sides.height === height && sides.width === width);
  return b.build({
    pixels: isSize ? unit : b.apply('resize', [unit], { mode: 'linear', ...sides }),
  });
}

function latentsInput(b: GraphBuilder, { config }: Autoencoder, size: MapSize): Value {
  return b.input('latents', [size.batch, config.latentChannels, size.height, size.width]);
}

function decode(b: GraphBuilder, vae: Autoencoder, latents: Value, scale: number): AppendedGraph {
  const [batch, , height, width] = latents.shape;
  const decoder = decoderOf(vae, { batch, height, width });
  return appendGraph(b, decoder, { latent_sample: b.scale(latents, 1 / scale) });
}

/** The pictures of latents, in [-1, 1]. */
function limitedPixels(b: GraphBuilder, vae: Autoencoder, scale: number, size: MapSize): Value {
  const { outputs } = decode(b, vae, latentsInput(b, vae, size), scale);
  return b.apply('clip', [outputs.sample], { min: -1, max: 1 });
}

function placesOf(taps: AppendedGraph['taps'], wanted: RegExp): Value[] {
  return taps.filter(({ name }) => wanted.test(name)).map(({ value }) => value);
}

/** Mean and deviation over all cells of each channel of each map `[N, C, H, W]`, one after the other. */
function pooled(b: GraphBuilder, maps: readonly Value[]): Graph {
  const parts = maps.flatMap((value) => {
    const [batch, channels] = value.shape;
    const mean = b.reduceMean(value, [2, 3]);
    const offset = b.sub(value, mean);
    const variance = b.reduceMean(b.mul(offset, offset), [2, 3]);
    const deviation = b.apply('sqrt', [b.shift(variance, 1e-12)], {});
    return [mean, deviation].map((part) => b.reshape(part, [batch, channels]));
  });
  return withoutUnread(b.build({ features: b.concat(parts, 1) }));
}

/** The graph without the params that its outputs do not depend on. */
function withoutUnread(graph: Graph): Graph {
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs.map(({ id }) => id)));
  return { ...graph, params: graph.params.filter(({ id }) => read.has(id)) };
}
