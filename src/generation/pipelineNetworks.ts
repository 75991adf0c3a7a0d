import type { Graph, Session } from '../graph/index.js';
import type { Image } from '../image/index.js';
import {
  decoderOf,
  encoderOf,
  nanosdUnet,
  type Autoencoder,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from '../models/index.js';
import type { Shape } from '../tensor/index.js';
import { decodeLatents, encodeImage } from './latents.js';
import { createLoadedNetworks, type Residency } from './sessions.js';

/** The networks of a pipeline that compute on latents. */
export interface NetworkParts {
  readonly unet: StagedUnetConfig;
  readonly vae: Autoencoder;
  /** Makes a graph of the U-Net or of the VAE ready to run, with its weights. */
  readonly load: (component: 'unet' | 'vae', graph: Graph) => Promise<Session>;
}

/** The same, loaded when they are first needed. */
export interface PipelineNetworks extends AsyncDisposable {
  unet(size: Unet2DConditionSize): Promise<Session>;
  /** Latents `[1, C, h, w]` of an image. */
  encode(image: Image): Promise<Float32Array>;
  /** The image of latents `[1, C, h, w]`. */
  decode(latents: Float32Array, shape: Shape): Promise<Image>;
  /** Says from when on networks make room for each other, or stay. */
  keep(residency: Residency): void;
}

export function openPipelineNetworks({ unet, vae, load }: NetworkParts): PipelineNetworks {
  const networks = createLoadedNetworks();
  return {
    unet: (size) =>
      networks.get('unet', Object.values(size).join(), () => load('unet', nanosdUnet(unet, size))),
    async encode(image) {
      const { width, height } = image;
      const session = await networks.get('encoder', [width, height].join(), () =>
        load('vae', encoderOf(vae, { batch: 1, height, width })),
      );
      return encodeImage(session, vae, image);
    },
    async decode(latents, shape) {
      const [batch, , height, width] = shape;
      const session = await networks.get('decoder', [width, height].join(), () =>
        load('vae', decoderOf(vae, { batch, height, width })),
      );
      return decodeLatents(session, vae, latents, shape);
    },
    keep: (residency) => networks.keep(residency),
    [Symbol.asyncDispose]: () => networks[Symbol.asyncDispose](),
  };
}
