import { zeros, type Weights } from '../tensor/index.js';
import { residualBlock } from './removeBlock.js';

/**
 * The weights of a restorer with those of the residual blocks that a deeper one has besides (`decoder.layers.1`,
 * `unet.down_blocks.0.resnets.1`, ...), taken from `start`, random weights of the deeper one. The new blocks end in zeros,
 * so the deeper network computes what the other did, until it is trained on. Whatever else it lacks stays lacking.
 */
export function deepenRestorer(weights: Weights, start: Weights): Weights {
  const present = new Set([...weights.keys()].map(residualBlock));
  const grown = new Map(weights);
  for (const [name, random] of start) {
    const block = residualBlock(name);
    if (block === null || present.has(block)) continue;
    grown.set(name, /\.conv2\./.test(name) ? zeros(random.dtype, random.shape) : random);
  }
  return grown;
}
