// The update rules of `optimizers.ts` as graph nodes, for devices where weights and optimizer state should
// not leave between steps. What changes from step to step comes in as scalars, computed in float64.

import type { GraphBuilder, Value } from '../../graph/index.js';
import type { Betas, OptimizerConfig, UpdateAt } from './optimizers.js';

/** Scalar inputs of a graph that updates, by name. */
export type UpdateScalars = Readonly<Record<string, number>>;

export interface ParamUpdate {
  readonly param: Value;
  /** In the order of the optimizer's slots. */
  readonly state: readonly Value[];
}

export interface GraphOptimizer {
  /** The scalars that an update reads, at a step. */
  scalars(at: UpdateAt): UpdateScalars;
  /** The next value of a param and of its state. */
  update(
    b: GraphBuilder,
    before: ParamUpdate,
    gradient: Value,
    scalar: (name: string) => Value,
  ): ParamUpdate;
}

/** The graph form of `createOptimizer(config)`, whose slots it shares. */
export function createGraphOptimizer(config: OptimizerConfig): GraphOptimizer {
  switch (config.kind) {
    case 'adamw':
      return adam(config, config.weightDecay);
    case 'adam':
      return adam(config, 0);
    case 'sgd':
      return sgd(config.momentum);
  }
}

function adam(
  { betas: [beta1, beta2], eps }: { betas: Betas; eps: number },
  weightDecay: number,
): GraphOptimizer {
  return {
    scalars: ({ learningRate, step }) => ({
      step_size: learningRate / (1 - beta1 ** step),
      root_correction: 1 / Math.sqrt(1 - beta2 ** step),
      ...(weightDecay === 0 ? {} : { decay: learningRate * weightDecay }),
    }),
    update(b, { param, state: [m, v] }, gradient, scalar) {
      const mean = b.add(b.scale(m, beta1), b.scale(gradient, 1 - beta1));
      const squares = b.mul(gradient, gradient);
      const square = b.add(b.scale(v, beta2), b.scale(squares, 1 - beta2));
      const root = b.mul(b.apply('sqrt', [square], {}), scalar('root_correction'));
      const change = b.div(b.mul(mean, scalar('step_size')), b.shift(root, eps));
      // p - d * p, not (1 - d) * p: near 1, float32 holds too few digits of a small decay.
      const kept = weightDecay === 0 ? param : b.sub(param, b.mul(param, scalar('decay')));
      return { param: b.sub(kept, change), state: [mean, square] };
    },
  };
}

function sgd(momentum: number): GraphOptimizer {
  return {
    scalars: ({ learningRate }) => ({ learning_rate: learningRate }),
    update(b, { param, state: [buffer] }, gradient, scalar) {
      const direction = momentum === 0 ? gradient : b.add(b.scale(buffer, momentum), gradient);
      return {
        param: b.sub(param, b.mul(direction, scalar('learning_rate'))),
        state: momentum === 0 ? [] : [direction],
      };
    },
  };
}

/** The joint L2 norm of gradients, a scalar. */
export function gradientNorm(b: GraphBuilder, gradients: readonly Value[]): Value {
  const squares = gradients.map((gradient) => {
    const axes = gradient.shape.map((_, axis) => axis);
    return b.reshape(b.reduceSum(b.mul(gradient, gradient), axes), []);
  });
  return b.apply('sqrt', [squares.reduce((sum, square) => b.add(sum, square))], {});
}

/** What gradients of this joint norm are multiplied with, so that it is at most `maxNorm`. */
export function clipCoefficient(b: GraphBuilder, norm: Value, maxNorm: number): Value {
  const coefficient = b.div(b.scalar(maxNorm), b.shift(norm, 1e-6));
  return b.apply('min', [coefficient, b.scalar(1)], {});
}
