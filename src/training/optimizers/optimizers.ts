// Update rules as in-place kernels over one parameter's numbers: plain JavaScript, because AdamW over ten
// million parameters takes 31 ms so and 87 ms as unfused graph nodes on the CPU (measured). Their graph
// form, for devices where the state should not leave, is in `optimizerGraph.ts`.

export type OptimizerConfig =
  | {
      readonly kind: 'adamw';
      readonly betas: Betas;
      readonly eps: number;
      readonly weightDecay: number;
    }
  | { readonly kind: 'adam'; readonly betas: Betas; readonly eps: number }
  | { readonly kind: 'sgd'; readonly momentum: number };

export type Betas = readonly [number, number];

/** When and how far to step. */
export interface UpdateAt {
  readonly learningRate: number;
  /** Updates including this one: 1 for the first. */
  readonly step: number;
}

/** What an update of the CPU does besides. */
export interface CpuUpdateAt extends UpdateAt {
  /** What the gradient counts times: `clipFactor`. */
  readonly gradientScale: number;
  /** How far the average goes towards the parameter: `emaRate`. */
  readonly averageRate: number;
}

/** The numbers of one parameter that an update changes in place, all as many. */
export interface ParamNumbers {
  readonly param: Float32Array;
  /** The exponential moving average of `param`. */
  readonly average: Float32Array;
  /** In the order of the optimizer's slots. */
  readonly moments: readonly Float32Array[];
}

export interface Optimizer {
  /** Names of the per-parameter state, each as long as the parameter, zero at first. */
  readonly slots: readonly string[];
  /**
   * One step, clipping and averaging included: while it goes, every other thread waits, and memory is what takes
   * the time.
   */
  update(numbers: ParamNumbers, gradient: Float32Array, at: CpuUpdateAt): void;
}

/** The rule of a configuration, without any state: that is the caller's, and lies beside the weights. */
export function createOptimizer(config: OptimizerConfig): Optimizer {
  switch (config.kind) {
    case 'adamw':
      return adam(config, config.weightDecay);
    case 'adam':
      return adam(config, 0);
    case 'sgd':
      return sgd(config.momentum);
  }
}

/**
 * Adam with decoupled weight decay: first `p *= 1 - lr * wd`, then
 * `p -= lr * mHat / (sqrt(vHat) + eps)` (Loshchilov and Hutter, algorithm 2; as torch computes it).
 */
function adam(
  { betas: [beta1, beta2], eps }: { betas: Betas; eps: number },
  decay: number,
): Optimizer {
  return {
    slots: ['exp_avg', 'exp_avg_sq'],
    update({ param, average, moments: [m, v] }, gradient, at) {
      const { learningRate, step, gradientScale, averageRate } = at;
      const keep = 1 - learningRate * decay;
      const stepSize = learningRate / (1 - beta1 ** step);
      const rootCorrection = 1 / Math.sqrt(1 - beta2 ** step);
      for (let i = 0; i < param.length; i++) {
        const g = gradient[i] * gradientScale;
        const mean = beta1 * m[i] + (1 - beta1) * g;
        const square = beta2 * v[i] + (1 - beta2) * g * g;
        const change = (stepSize * mean) / (Math.sqrt(square) * rootCorrection + eps);
        const next = param[i] * keep - change;
        m[i] = mean;
        v[i] = square;
        param[i] = next;
        average[i] += averageRate * (next - average[i]);
      }
    },
  };
}

/** torch's SGD: `buffer = momentum * buffer + g; p -= lr * buffer`. */
function sgd(momentum: number): Optimizer {
  return {
    slots: momentum === 0 ? [] : ['momentum_buffer'],
    update({ param, average, moments: [buffer] }, gradient, at) {
      const { learningRate, gradientScale, averageRate } = at;
      for (let i = 0; i < param.length; i++) {
        let direction = gradient[i] * gradientScale;
        if (momentum !== 0) direction = buffer[i] = momentum * buffer[i] + direction;
        const next = param[i] - learningRate * direction;
        param[i] = next;
        average[i] += averageRate * (next - average[i]);
      }
    },
  };
}

/**
 * How far an average goes towards the parameters at a step. The decay warms up as
 * `min(decay, (1 + step) / (10 + step))`, so that the first average is not the initial noise.
 */
export function emaRate(decay: number, step: number): number {
  return 1 - Math.min(decay, (1 + step) / (10 + step));
}
