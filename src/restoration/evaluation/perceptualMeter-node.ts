import { GraphBuilder, type Executor, type Session } from '../../graph/index.js';
import { rgbPlanes, type Image } from '../../image/index.js';
import { float32, toFloat64, type Tensor } from '../../tensor/index.js';
import { openFeatureMaps } from '../../training/losses/featureNetwork-node.js';
import { perceptualDistance } from '../../training/losses/perceptual.js';

/** Says how far apart two pictures of one size are in the eyes of a feature network. */
export interface PerceptualMeter extends AsyncDisposable {
  /** Images [C, H, W] in [0, 1]; 0 for equal ones. */
  distance(reference: Image, image: Image): Promise<number>;
}

/**
 * Opens the feature network at a path, whose distance is that of `perceptualDistance`.
 * @throws ModelError when it is not there or another network.
 */
export async function openPerceptualMeter(
  path: string,
  executor: Executor,
): Promise<PerceptualMeter> {
  const features = await openFeatureMaps(path);
  // Pictures of a set are often of one size, or of two, upright and across.
  let loaded: { readonly size: string; readonly session: Session } | undefined;
  const open = async ({ width, height }: Image): Promise<Session> => {
    const size = `${width}x${height}`;
    if (loaded?.size === size) return loaded.session;
    await loaded?.session[Symbol.asyncDispose]();
    loaded = undefined;
    const b = new GraphBuilder();
    const shape = [1, 3, height, width];
    const distance = perceptualDistance(b, features, b.input('a', shape), b.input('b', shape));
    const session = await executor.load(b.build({ distance }), new Map());
    loaded = { size, session };
    return session;
  };
  return {
    async distance(reference, image) {
      const session = await open(reference);
      const { distance } = await session.run({ a: batch(reference), b: batch(image) });
      return toFloat64(distance)[0];
    },
    async [Symbol.asyncDispose]() {
      await loaded?.session[Symbol.asyncDispose]();
    },
  };
}

function batch(image: Image): Tensor {
  const { width, height } = image;
  const data = new Float32Array(3 * width * height);
  rgbPlanes(image).forEach((plane, channel) => data.set(plane, channel * plane.length));
  return float32([1, 3, height, width], data);
}
