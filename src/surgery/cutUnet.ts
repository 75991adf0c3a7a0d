import {
  ConfigError,
  stageLayers,
  stageString,
  type StagedLevel,
  type StagedUnetConfig,
} from '../models/index.js';
import { stageNames, type StageName, type Stages } from './stages.js';

/** What becomes of the teacher's coarsest level (E4, the mid block and D4). */
export type Coarsest = 'dropped' | 'kept';

/**
 * The config of a student: the teacher's three fine levels with `stages` in place of their own, and the
 * coarsest level dropped (NanoSD, surgery) or kept as it is (its ablation). Each level keeps the teacher's
 * skip slots, and its decoder's resnets read the slots of the teacher's resnets that they inherit from.
 * @throws ConfigError for a teacher that does not fit, with every stage of it that does not.
 */
export function cutUnet(
  teacher: StagedUnetConfig,
  stages: Stages,
  coarsest: Coarsest,
): StagedUnetConfig {
  const { levels: of } = teacher;
  const problems =
    of.length === 4
      ? misfits(teacher, stages, coarsest)
      : [`expected a teacher of 4 levels (SD 1.x), got one of ${of.length}`];
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  const [first, second, third, fourth] = of;
  const levels = [
    cutLevel(first, stages.E1, stages.D1),
    cutLevel(second, stages.E2, stages.D2),
    cutLevel(third, stages.E3, stages.D3),
  ];
  return coarsest === 'kept'
    ? { ...teacher, levels: [...levels, fourth] }
    : { ...teacher, levels, midBlock: false };
}

/** The teacher's layers of a stage. */
export function layersOfStage({ levels }: StagedUnetConfig, stage: StageName): StagedLevel['down'] {
  const { down, up } = levels[Number(stage[1]) - 1];
  return stage.startsWith('E') ? down : up;
}

function misfits(teacher: StagedUnetConfig, stages: Stages, coarsest: Coarsest): string[] {
  const problems = stageNames.flatMap((name) => {
    const its = layersOfStage(teacher, name);
    const layers = stageLayers(stages[name]);
    const fits =
      layers.length <= its.length &&
      inheritedLayers(layers.length, its.length).every((from, i) => {
        return its[from].attends || !layers[i].attends;
      });
    const got = stageString(its);
    return fits
      ? []
      : [`${name}: expected a teacher that ${stages[name]} can be cut from, got one of ${got}`];
  });
  const [, , third, fourth] = teacher.levels;
  if (coarsest === 'dropped' && third.channels !== fourth.channels) {
    problems.push(
      'expected a teacher whose two coarsest levels have equally many channels, because D3 takes what E3 gives ' +
        `in place of D4's, got ${third.channels} and ${fourth.channels}: keep the coarsest level`,
    );
  }
  return problems;
}

function cutLevel(level: StagedLevel, encoder: string, decoder: string): StagedLevel {
  const up = stageLayers(decoder);
  const inherited = inheritedLayers(up.length, level.up.length);
  return {
    ...level,
    down: stageLayers(encoder),
    up,
    upSkips: inherited.map((layer) => level.upSkips[layer]),
  };
}

/**
 * The layers of a teacher's stage that the layers of a student's inherit from: spread evenly from the
 * first to the last, so that one takes 0, and two of three take 0 and 2 (BK-SDM's rule).
 * @throws ConfigError where the student has more layers than the teacher.
 */
export function inheritedLayers(student: number, teacher: number): readonly number[] {
  if (student > teacher) {
    throw new ConfigError(
      `expected at most ${teacher} resnets, as the teacher has, got ${student}`,
    );
  }
  const step = student > 1 ? (teacher - 1) / (student - 1) : 0;
  return Array.from({ length: student }, (_, i) => Math.round(i * step));
}
