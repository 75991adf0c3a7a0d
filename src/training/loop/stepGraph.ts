import { continueGraph, GraphBuilder, type Graph, type Value } from '../../graph/index.js';
import type { Feeds } from '../../graph/index.js';
import { float32, type Shape, type Tensor } from '../../tensor/index.js';
import type { WeightedLoss } from '../losses/losses.js';
import { trainingGraph } from './trainingGraph.js';
import {
  clipCoefficient,
  createGraphOptimizer,
  gradientNorm,
} from '../optimizers/optimizerGraph.js';
import {
  createOptimizer,
  emaRate,
  type OptimizerConfig,
  type UpdateAt,
} from '../optimizers/optimizers.js';
import type { TrainingState } from './state.js';

export interface UpdatePlan {
  readonly optimizer: OptimizerConfig;
  /** Null: gradients are not clipped. */
  readonly clipNorm: number | null;
  readonly emaDecay: number;
}

interface NamedShape {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * The update of one step as a graph. Inputs, for each param: NAME, `grad:NAME`, `ema:NAME` and `SLOT:NAME`
 * for each of the optimizer's slots; and the scalars of `updateFeeds`. Outputs: `gradient_norm`, before
 * clipping, and `next:` before the name of every input that is state.
 */
export function updateGraph(params: readonly NamedShape[], plan: UpdatePlan): Graph {
  const b = new GraphBuilder();
  const gradients = new Map(
    params.map(({ name, shape }) => [name, b.input(`grad:${name}`, shape)] as const),
  );
  const weights = new Map(params.map(({ name, shape }) => [name, b.input(name, shape)] as const));
  return b.build(addUpdate(b, plan, weights, gradients));
}

/**
 * Everything a step computes in one run: forward, backward, clipping, update and average. Inputs are those
 * of `trainingGraph` and of `updateGraph` without the gradients; outputs `loss` and those of `updateGraph`.
 * What `next:X` gives is what `X` takes in the next run, so state can stay where it was computed.
 */
export function stepGraph(
  network: Graph,
  prediction: string,
  losses: readonly WeightedLoss[],
  plan: UpdatePlan,
): Graph {
  const objective = trainingGraph(network, prediction, losses);
  const { builder, valueOf } = continueGraph(objective);
  const inputs = new Map(objective.inputs.map((input) => [input.name, valueOf(input)]));
  const weights = new Map<string, Value>();
  const gradients = new Map<string, Value>();
  for (const { name } of network.params) {
    const weight = inputs.get(name);
    if (weight) weights.set(name, weight);
    gradients.set(name, valueOf(objective.outputs[`grad:${name}`]));
  }
  const updated = addUpdate(builder, plan, weights, gradients);
  return builder.build({ loss: valueOf(objective.outputs.loss), ...updated });
}

function addUpdate(
  b: GraphBuilder,
  { optimizer, clipNorm }: UpdatePlan,
  weights: ReadonlyMap<string, Value>,
  gradients: ReadonlyMap<string, Value>,
): Record<string, Value> {
  const { slots } = createOptimizer(optimizer);
  const rule = createGraphOptimizer(optimizer);
  const scalars = new Map<string, Value>();
  const scalar = (name: string): Value => {
    const value = scalars.get(name) ?? b.input(name, []);
    scalars.set(name, value);
    return value;
  };
  const norm = gradientNorm(b, [...gradients.values()]);
  const coefficient = clipNorm === null ? null : clipCoefficient(b, norm, clipNorm);
  const outputs: Record<string, Value> = { gradient_norm: norm };
  for (const [name, gradient] of gradients) {
    const param = weights.get(name);
    if (!param) throw new Error(`${name}: expected a weight to update, got none`);
    const state = slots.map((slot) => b.input(`${slot}:${name}`, param.shape));
    const clipped = coefficient ? b.mul(gradient, coefficient) : gradient;
    const next = rule.update(b, { param, state }, clipped, scalar);
    outputs[`next:${name}`] = next.param;
    slots.forEach((slot, i) => (outputs[`next:${slot}:${name}`] = next.state[i]));
    const average = b.input(`ema:${name}`, param.shape);
    const moved = b.mul(b.sub(next.param, average), scalar('ema_rate'));
    outputs[`next:ema:${name}`] = b.add(average, moved);
  }
  return outputs;
}

/** The scalars of an update graph at a step. */
export function updateFeeds({ optimizer, emaDecay }: UpdatePlan, at: UpdateAt): Feeds {
  const scalars = {
    ...createGraphOptimizer(optimizer).scalars(at),
    ema_rate: emaRate(emaDecay, at.step),
  };
  return Object.fromEntries(
    Object.entries(scalars).map(([name, value]) => [name, float32([], [value])]),
  );
}

/** A run's weights, averages and moments under the names of an update graph's inputs. */
export function stateFeeds({ weights, ema, moments }: TrainingState): Feeds {
  const named = (prefix: string, tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] =>
    [...tensors].map(([name, value]) => [`${prefix}${name}`, value]);
  return Object.fromEntries([
    ...named('', weights),
    ...named('ema:', ema),
    ...[...moments].flatMap(([slot, tensors]) => named(`${slot}:`, tensors)),
  ]);
}
