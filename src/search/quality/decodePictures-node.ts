import { latentScale } from '../../generation/latents.js';
import { createImage, type Image } from '../../image/index.js';
import type { OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import type { NodeExecutor } from '../../runtime/nodeExecutor-node.js';
import { elementCount, tensor, toFloat32, type Shape } from '../../tensor/index.js';
import { picturesGraph } from './featureGraphs.js';

/** The pictures that latents `[N, C, H, W]`, one after the other in `latents`, stand for; `latent` is `[C, H, W]`. */
export async function decodePictures(
  { vae }: OpenCheckpoint,
  executor: NodeExecutor,
  latents: Float32Array,
  latent: Shape,
): Promise<readonly Image[]> {
  const size = { batch: 1, height: latent[1], width: latent[2] };
  const graph = picturesGraph(vae.network, latentScale(vae.network), size);
  await using session = await executor.loadMapped(graph, vae.weights);
  const length = elementCount(latent);
  const pictures: Image[] = [];
  for (let at = 0; at < latents.length; at += length) {
    const one = tensor('float32', [1, ...latent], latents.slice(at, at + length));
    const { pixels } = await session.run({ latents: one });
    const [, channels, height, width] = pixels.shape;
    pictures.push(createImage(width, height, channels, toFloat32(pixels)));
  }
  return pictures;
}
