import type { Executor } from '../../graph/index.js';
import { createPerceptualMetric, grayToRgb, type Image } from '../../image/index.js';
import { openFeatureMaps } from '../../image/featureNetwork-node.js';

/** Says how far apart two pictures of one size are in the eyes of a feature network. */
export interface PerceptualMeter extends AsyncDisposable {
  /** Images [C, H, W] in [0, 1], gray or RGB; 0 for equal ones. */
  distance(reference: Image, image: Image): Promise<number>;
}

/**
 * Opens the feature network at a path, whose distance is that of `createPerceptualMetric`.
 * @throws ModelError when it is not there or another network.
 */
export async function openPerceptualMeter(
  path: string,
  executor: Executor,
): Promise<PerceptualMeter> {
  const metric = createPerceptualMetric(executor, await openFeatureMaps(path));
  return {
    distance: (reference, image) => metric.distance(inColour(reference), inColour(image)),
    [Symbol.asyncDispose]: () => metric[Symbol.asyncDispose](),
  };
}

function inColour(image: Image): Image {
  return image.channels === 1 ? grayToRgb(image) : image;
}
