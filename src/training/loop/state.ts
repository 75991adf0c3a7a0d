import type { Graph } from '../../graph/index.js';
import { tensor, zeros, type Tensor, type Weights } from '../../tensor/index.js';
import type { Optimizer } from '../optimizers/optimizers.js';

type FloatMap = ReadonlyMap<string, Tensor<'float32'>>;

/** Everything that a training run is at a moment; its tensors change in place from step to step. */
export interface TrainingState {
  /** Updates done. */
  step: number;
  readonly weights: FloatMap;
  /** The exponential moving average of the weights. */
  readonly ema: FloatMap;
  /** The optimizer's moments: slot name, then param name. */
  readonly moments: ReadonlyMap<string, FloatMap>;
  /** Of what is trained against the network, where something is. */
  readonly discriminator?: TrainingState;
}

/** A run that has not begun: copies of `weights`, zero moments. */
export function startTraining(
  graph: Pick<Graph, 'params'>,
  weights: Weights,
  optimizer: Optimizer,
): TrainingState {
  const copy = (): FloatMap =>
    new Map(
      graph.params.map(({ name, shape }) => {
        const weight = weights.get(name);
        if (weight?.dtype !== 'float32') {
          throw new Error(`${name}: expected a float32 weight, got ${weight?.dtype ?? 'nothing'}`);
        }
        return [name, tensor('float32', shape, (weight.data as Float32Array).slice())];
      }),
    );
  const empty = (): FloatMap =>
    new Map(graph.params.map(({ name, shape }) => [name, zeros('float32', shape)]));
  const moments = new Map(optimizer.slots.map((slot) => [slot, empty()]));
  return { step: 0, weights: copy(), ema: copy(), moments };
}
