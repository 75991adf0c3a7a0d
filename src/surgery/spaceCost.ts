import { costByStage } from '../graph/index.js';
import {
  nanosdUnet,
  unetStageOf,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from '../models/index.js';
import { cutUnet } from './cutUnet.js';
import { stageNames, stageOptions, type StageName, type Stages } from './stages.js';

/** What a network of the design space is made of. */
export interface SpaceCost {
  readonly parameters: number;
  readonly macs: number;
}

/** Rows of the cost table of a network of three levels, by the stage's name. */
const rows: Readonly<Record<StageName, string>> = {
  E1: 'down0',
  E2: 'down1',
  E3: 'down2',
  D3: 'up0',
  D2: 'up1',
  D1: 'up2',
};

/**
 * Parameters and work of every network of the design space without building it: a stage costs the same
 * whatever the others are, since the channels of its skips do not depend on them. Builds eight networks.
 */
export function spaceCost(
  teacher: StagedUnetConfig,
  size: Unet2DConditionSize,
): (stages: Stages) => SpaceCost {
  const options = new Map<string, SpaceCost>();
  let rest: SpaceCost = { parameters: 0, macs: 0 };
  const most = Math.max(...stageNames.map((name) => stageOptions[name].length));
  for (let i = 0; i < most; i++) {
    const stages = optionsAt(i);
    const graph = nanosdUnet(cutUnet(teacher, stages, 'dropped'), size);
    const table = new Map(costByStage(graph, unetStageOf));
    for (const name of stageNames) {
      const cost = table.get(rows[name]);
      if (cost) options.set(`${name} ${stages[name]}`, cost);
      table.delete(rows[name]);
    }
    rest = [...table.values()].reduce(sum, { parameters: 0, macs: 0 });
  }
  return (stages) =>
    stageNames.reduce((total, name) => {
      const cost = options.get(`${name} ${stages[name]}`);
      if (!cost) throw new Error(`${name}: expected an option of the space, got ${stages[name]}`);
      return sum(total, cost);
    }, rest);
}

function optionsAt(index: number): Stages {
  const option = (name: StageName): string =>
    stageOptions[name][Math.min(index, stageOptions[name].length - 1)];
  const [E1, E2, E3, D3, D2, D1] = stageNames.map(option);
  return { E1, E2, E3, D3, D2, D1 };
}

function sum(a: SpaceCost, b: SpaceCost): SpaceCost {
  return { parameters: a.parameters + b.parameters, macs: a.macs + b.macs };
}
