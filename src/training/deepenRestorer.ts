import { restorer, restorerMultiple, type RestorerConfig } from '../models/index.js';
import { zeros, type Random, type Weights } from '../tensor/index.js';
import { initializeRestorer } from './initialize.js';

/**
 * The weights of a restorer with those of the residual blocks that a deeper one has besides (`decoder.layers.1`,
 * `unet.down_blocks.0.resnets.1`, ...). The new blocks end in zeros, so the deeper network computes what the other did,
 * until it is trained on. Whatever else the deeper one lacks stays lacking.
 */
export function deepenRestorer(weights: Weights, deeper: RestorerConfig, random: Random): Weights {
  const side = restorerMultiple(deeper);
  const graph = restorer(deeper, { batch: 1, height: side, width: side });
  const present = new Set([...weights.keys()].map(blockOf));
  const grown = new Map(weights);
  for (const [name, start] of initializeRestorer(graph, random)) {
    const block = blockOf(name);
    if (block === null || present.has(block)) continue;
    grown.set(name, /\.conv2\./.test(name) ? zeros('float32', start.shape) : start);
  }
  return grown;
}

/** The residual block that a parameter belongs to. */
function blockOf(name: string): string | null {
  return /^.*\.(?:layers|resnets)\.\d+(?=\.)/.exec(name)?.[0] ?? null;
}
