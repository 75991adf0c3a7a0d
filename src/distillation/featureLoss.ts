import { continueGraph, type Graph, type GraphBuilder, type Value } from '../graph/index.js';
import {
  unetStageGraph,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from '../models/index.js';
import { stageFeatures } from './teacherFeatures.js';
import { stagePlace, surrogateUnet, type Surrogate } from './surrogate.js';

/** How a surrogate's outputs are compared with the teacher's. */
export const featureLosses = ['mse', 'normalized', 'cosine'] as const;

export type FeatureLoss = (typeof featureLosses)[number];

/** What a target is called among the inputs of the graphs here: that of output `hidden` is `target:hidden`. */
export const targetName = (output: string): string => `target:${output}`;

/**
 * What a surrogate is trained by: the inputs of `unetStageGraph` and `target:NAME` for each output that the
 * teacher has, params of the stage, scalar output `loss`, the mean over the outputs of
 *
 * - `mse`: the mean squared difference (NanoSD, ||B_ij(F) - B_i(F)||^2, a value);
 * - `normalized`: the same with every channel in units of the target's deviation over the batch and the map, so
 *   that a loud channel does not drown the others;
 * - `cosine`: over the cells, 1 - cos of the angle between both vectors of channels, plus half the squared
 *   relative difference of their lengths: near the target half of the cell's relative squared error, so that a
 *   loud cell does not drown the others.
 */
export function surrogateLossGraph(
  teacher: StagedUnetConfig,
  surrogate: Surrogate,
  size: Unet2DConditionSize,
  loss: FeatureLoss,
): Graph {
  const { builder: b, pairs } = withTargets(teacher, surrogate, size);
  const terms = pairs.map(({ output, target }) => featureLossValue(b, loss, output, target));
  const sum = terms.reduce((all, term) => b.add(all, term));
  return b.build({ loss: b.scale(sum, 1 / terms.length) });
}

/**
 * How far a surrogate is from the teacher: the graph's inputs are those of `surrogateLossGraph`, its outputs
 * `error:NAME` and `power:NAME` for each target: the sums of squares of the difference and of the target.
 */
export function surrogateErrorGraph(
  teacher: StagedUnetConfig,
  surrogate: Surrogate,
  size: Unet2DConditionSize,
): Graph {
  const { builder: b, pairs } = withTargets(teacher, surrogate, size);
  const squares = (x: Value): Value => b.reshape(b.reduceSum(b.mul(x, x), axesOf(x)), []);
  const outputs: Record<string, Value> = {};
  for (const { name, output, target } of pairs) {
    outputs[`error:${name}`] = squares(b.sub(output, target));
    outputs[`power:${name}`] = squares(target);
  }
  return b.build(outputs);
}

interface Compared {
  readonly name: string;
  readonly output: Value;
  readonly target: Value;
}

function withTargets(
  teacher: StagedUnetConfig,
  surrogate: Surrogate,
  size: Unet2DConditionSize,
): { readonly builder: GraphBuilder; readonly pairs: readonly Compared[] } {
  const { stage } = surrogate;
  const graph = unetStageGraph(surrogateUnet(teacher, surrogate), stagePlace(stage), size);
  const { builder, valueOf } = continueGraph({ ...graph, taps: [] });
  const { targets } = stageFeatures(teacher, stage);
  const pairs = Object.keys(targets).map((name) => {
    const output = valueOf(graph.outputs[name]);
    return { name, output, target: builder.input(targetName(name), output.shape) };
  });
  return { builder, pairs };
}

/** One of the losses between an output and its target, both `[N, C, H, W]`; see `surrogateLossGraph`. */
export function featureLossValue(
  b: GraphBuilder,
  loss: FeatureLoss,
  output: Value,
  target: Value,
): Value {
  switch (loss) {
    case 'mse':
      return meanOfAll(b, square(b, b.sub(output, target)));
    case 'normalized':
      return normalizedError(b, output, target);
    case 'cosine':
      return cosineError(b, output, target);
  }
}

/** Channels that hardly vary count as if they varied by a hundredth of what the others do. */
function normalizedError(b: GraphBuilder, output: Value, target: Value): Value {
  const mean = b.reduceMean(target, [0, 2, 3]);
  const variance = b.reduceMean(square(b, b.sub(target, mean)), [0, 2, 3]);
  const floor = b.shift(b.scale(b.reduceMean(variance, [1]), 1e-2), 1e-12);
  const errors = b.reduceMean(square(b, b.sub(output, target)), [0, 2, 3]);
  return meanOfAll(b, b.div(errors, b.add(variance, floor)));
}

function cosineError(b: GraphBuilder, output: Value, target: Value): Value {
  const length = (x: Value): Value =>
    b.apply('sqrt', [b.shift(b.reduceSum(square(b, x), [1]), 1e-12)], {});
  const [own, its] = [length(output), length(target)];
  const product = b.reduceSum(b.mul(output, target), [1]);
  const cosine = b.div(product, b.mul(own, its));
  const relative = b.shift(b.div(own, its), -1);
  const cells = b.sub(b.scale(square(b, relative), 0.5), cosine);
  return b.shift(meanOfAll(b, cells), 1);
}

function square(b: GraphBuilder, x: Value): Value {
  return b.mul(x, x);
}

function meanOfAll(b: GraphBuilder, x: Value): Value {
  return b.reshape(b.reduceMean(x, axesOf(x)), []);
}

const axesOf = ({ shape }: Value): readonly number[] => shape.map((_, axis) => axis);
