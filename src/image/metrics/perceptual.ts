import { GraphBuilder, type Executor, type Session } from '../../graph/index.js';
import { perceptualDistance, type FeatureMaps } from '../../models/index.js';
import { tensor, toFloat32 } from '../../tensor/index.js';
import { cropBorder } from '../geometry.js';
import type { Image } from '../image.js';
import { requireSameSize, type MetricOptions } from './planes.js';

/** How far apart pictures are in the eyes of a feature network. */
export interface PerceptualMetric extends AsyncDisposable {
  /**
   * The distance of two pictures in RGB, 0 for equal ones; with SqueezeNet 1.1 it is "SQZ". Published figures compare images of 8
   * bits: quantize first.
   * @throws RangeError when the sizes differ, or are too small for the network.
   */
  distance(
    reference: Image,
    distorted: Image,
    options?: Pick<MetricOptions, 'cropBorder'>,
  ): Promise<number>;
}

/** Pictures of one size after the other are the fastest: a network is made ready for the size that came last. */
export function createPerceptualMetric(
  executor: Executor,
  features: FeatureMaps,
): PerceptualMetric {
  let ready: { readonly size: string; readonly session: Session } | undefined;
  const release = async (): Promise<void> => {
    await ready?.session[Symbol.asyncDispose]();
    ready = undefined;
  };
  const sessionFor = async (shape: readonly number[]): Promise<Session> => {
    const size = shape.join('x');
    if (ready?.size === size) return ready.session;
    await release();
    const b = new GraphBuilder();
    const [reference, distorted] = [b.input('reference', shape), b.input('distorted', shape)];
    const distance = perceptualDistance(b, features, reference, distorted);
    const session = await executor.load(b.build({ distance }), new Map());
    ready = { size, session };
    return session;
  };
  return {
    async distance(reference, distorted, options = {}) {
      requireSameSize(reference, distorted);
      const [expected, actual] = [reference, distorted].map((image) => {
        const { width, height, channels, data } = cropBorder(image, options.cropBorder ?? 0);
        if (channels !== 3) throw new RangeError(`expected RGB images, got ${channels} channels`);
        return tensor('float32', [1, channels, height, width], data);
      });
      const session = await sessionFor(expected.shape);
      const { distance } = await session.run({ reference: expected, distorted: actual });
      return toFloat32(distance)[0];
    },
    [Symbol.asyncDispose]: release,
  };
}
