import { stageNames, stageOptions, type Stages } from '../../surgery/index.js';
import type { DiscreteSpace, Point } from './space.js';

/** The design space of NanoSD's U-Nets: a choice for each stage, 4 x 4 x 4 x 8 x 8 x 8 points. */
export const stageSpace: DiscreteSpace = {
  kind: 'discrete',
  choices: stageNames.map((name) => ({ name, options: stageOptions[name] })),
};

/** The stages of a point of `stageSpace`. */
export function stagesAt(point: Point): Stages {
  const [E1, E2, E3, D3, D2, D1] = stageNames.map((name, i) => stageOptions[name][point[i]]);
  return { E1, E2, E3, D3, D2, D1 };
}

/** The inverse of `stagesAt`. */
export function pointOfStages(stages: Stages): Point {
  return stageNames.map((name) => stageOptions[name].indexOf(stages[name]));
}
