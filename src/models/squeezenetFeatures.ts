import type { GraphBuilder, Value } from '../graph/index.js';
import { maxPoolCeil } from '../nn/index.js';
import { toFloat32, tensor, type Weights } from '../tensor/index.js';

/** After which layers features are taken, as in LPIPS: the outputs of torchvision's `features.N`. */
const TAPS = [1, 4, 7, 9, 10, 11, 12];
const FIRES = [3, 4, 6, 7, 9, 10, 11, 12];
const POOLS = [2, 5, 8];

/** Whether weights are those of `squeezenetFeatures`. */
export function isSqueezenet(weights: Weights): boolean {
  return ['features.0.weight', 'features.12.expand3x3.bias'].every((name) => weights.has(name));
}

/**
 * The features of SqueezeNet 1.1 (Iandola et al. 2016): seven maps of a picture `[N, 3, H, W]`, RGB in [0, 1], whose first layer has the
 * training's normalisation folded in. The weights, under torchvision's names, become constants: they are not trained.
 * @throws Error for a weight that is missing.
 */
export function squeezenetFeatures(b: GraphBuilder, weights: Weights, picture: Value): Value[] {
  const constant = (name: string): Value => {
    const found = weights.get(name);
    if (!found) throw new Error(`expected a weight ${name}, found none`);
    return b.constant(tensor('float32', found.shape, toFloat32(found)));
  };
  const conv = (name: string, x: Value, stride: number, padding: number): Value =>
    b.relu(
      b.conv(x, constant(`${name}.weight`), constant(`${name}.bias`), {
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
      }),
    );
  const maps: Value[] = [];
  let x = conv('features.0', picture, 2, 0);
  for (let layer = 1; layer <= 12; layer++) {
    if (POOLS.includes(layer)) x = maxPoolCeil(b, x);
    if (FIRES.includes(layer)) {
      const squeezed = conv(`features.${layer}.squeeze`, x, 1, 0);
      const wide = conv(`features.${layer}.expand1x1`, squeezed, 1, 0);
      x = b.concat([wide, conv(`features.${layer}.expand3x3`, squeezed, 1, 1)], 1);
    }
    if (TAPS.includes(layer)) maps.push(x);
  }
  return maps;
}
