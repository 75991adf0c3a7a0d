import { continueGraph, type Graph } from '../../../graph/index.js';
import { totalLoss, type WeightedLoss } from '../../losses/losses.js';
import { perceptualLoss, type FeatureMaps, type PerceptualView } from '../../losses/perceptual.js';

export interface PerceptualTerm extends PerceptualView {
  readonly features: FeatureMaps;
  readonly weight: number;
}

export interface RestorerLosses {
  readonly losses: readonly WeightedLoss[];
  /** Null: pictures are compared as numbers alone. */
  readonly perceptual: PerceptualTerm | null;
}

/** A restorer with its losses between `out_sample` and a new input, `target` of the same shape: its one output is `loss`. */
export function restorerLossGraph(network: Graph, { losses, perceptual }: RestorerLosses): Graph {
  const { builder: b, valueOf } = continueGraph({ ...network, taps: [] });
  const prediction = valueOf(network.outputs.out_sample);
  const target = b.input('target', prediction.shape, prediction.dtype);
  const plain = totalLoss(b, losses, prediction, target);
  if (!perceptual) return b.build({ loss: plain });
  const seen = perceptualLoss(b, perceptual.features, { prediction, target }, perceptual);
  return b.build({ loss: b.add(plain, b.scale(seen, perceptual.weight)) });
}
