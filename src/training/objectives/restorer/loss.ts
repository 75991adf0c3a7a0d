import { continueGraph, type Graph, type GraphBuilder, type Value } from '../../../graph/index.js';
import type { FeatureMaps } from '../../../models/index.js';
import { totalLoss, type WeightedLoss } from '../../losses/losses.js';
import { perceptualLoss, type PerceptualView } from '../../losses/perceptual.js';

/** What a result is held against: the photograph, a teacher's answer, or a mean of both. */
export type LossTarget = 'photo' | 'teacher' | 'mix';

export interface TargetedLoss extends WeightedLoss {
  readonly target: LossTarget;
}

export interface PerceptualTerm extends PerceptualView {
  readonly features: FeatureMaps;
  readonly weight: number;
  readonly target: LossTarget;
}

export interface RestorerLosses {
  readonly losses: readonly TargetedLoss[];
  /** Null: pictures are compared as numbers alone. */
  readonly perceptual: PerceptualTerm | null;
  /** The teacher's share of the mixed target; null where there is no teacher. */
  readonly mix: number | null;
}

/**
 * A restorer with its losses between `out_sample` and new inputs of the same shape, `target` and, with a teacher, `teacher`: its one
 * output is `loss`.
 */
export function restorerLossGraph(network: Graph, losses: RestorerLosses): Graph {
  const { builder: b, valueOf } = continueGraph({ ...network, taps: [] });
  const prediction = valueOf(network.outputs.out_sample);
  return b.build({ loss: restorerLoss(b, prediction, losses).loss });
}

/** The losses of a prediction, a scalar, and the photograph; adds the inputs. */
export function restorerLoss(
  b: GraphBuilder,
  prediction: Value,
  { losses, perceptual, mix }: RestorerLosses,
): { readonly loss: Value; readonly photo: Value } {
  const targets = lossTargets(b, prediction, mix);
  const terms = losses.map((loss) => totalLoss(b, [loss], prediction, targets(loss.target)));
  if (perceptual) {
    const { features, target, weight } = perceptual;
    const pictures = { prediction, target: targets(target) };
    terms.push(b.scale(perceptualLoss(b, features, pictures, perceptual), weight));
  }
  return { loss: terms.reduce((sum, term) => b.add(sum, term)), photo: targets('photo') };
}

function lossTargets(
  b: GraphBuilder,
  { shape, dtype }: Value,
  mix: number | null,
): (target: LossTarget) => Value {
  const photo = b.input('target', shape, dtype);
  if (mix === null) return () => photo;
  const teacher = b.input('teacher', shape, dtype);
  const mixed = b.add(photo, b.scale(b.sub(teacher, photo), mix));
  return (target) => ({ photo, teacher, mix: mixed })[target];
}
