import type { Random } from '../../tensor/index.js';
import { fitGaussianProcess } from './fitGaussianProcess.js';
import type { GaussianProcess, Prediction } from './gaussianProcess.js';
import type { SearchObjective } from './searchProblem.js';
import { coordinatesOf, type Point, type SearchSpace } from '../space/space.js';

/** What an objective is expected to be, on its scale. */
export interface ObjectiveModel {
  /** `coordinates` are those of the point, `coordinatesOf`. */
  predict(point: Point, coordinates: readonly number[]): Prediction;
  /** The model if the point had been measured to be what it is expected to be. */
  believe(point: Point, coordinates: readonly number[]): ObjectiveModel;
}

/** An objective's value on the scale on which it is modelled. */
export function scaled({ scale = 'linear' }: SearchObjective, value: number): number {
  return scale === 'log' ? Math.log(value) : value;
}

/** A Gaussian process of what was measured, or the objective itself where it is known. */
export function objectiveModel(
  objective: SearchObjective,
  space: SearchSpace,
  measured: { readonly points: readonly Point[]; readonly outputs: readonly number[] },
  random: Random,
): ObjectiveModel {
  const { known } = objective;
  if (known) {
    const model: ObjectiveModel = {
      predict: (point) => ({ mean: scaled(objective, known(point)), deviation: 0 }),
      believe: () => model,
    };
    return model;
  }
  const inputs = measured.points.map((point) => coordinatesOf(space, point));
  return processModel(fitGaussianProcess({ inputs, outputs: measured.outputs }, random));
}

function processModel(process: GaussianProcess): ObjectiveModel {
  return {
    predict: (_, coordinates) => process.predict(coordinates),
    believe: (_, coordinates) =>
      processModel(process.observe(coordinates, process.predict(coordinates).mean)),
  };
}
