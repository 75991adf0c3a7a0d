import { ConfigError, type StagedUnetConfig, type UnetStage } from '../models/index.js';
import {
  cutUnet,
  stageNames,
  stageOptions,
  teacherStages,
  type StageName,
} from '../surgery/index.js';

/** One option of one stage: a block that is trained alone to stand for the teacher's. */
export interface Surrogate {
  readonly stage: StageName;
  readonly option: string;
}

/** The 30 surrogates of the design space: every option of every stage but the teacher's own, cheapest first. */
export const allSurrogates: readonly Surrogate[] = stageNames.flatMap((stage) =>
  stageOptions[stage]
    .filter((option) => option !== teacherStages[stage])
    .map((option) => ({ stage, option })),
);

/** `E1-RA`: what its folder is called. */
export function surrogateName({ stage, option }: Surrogate): string {
  return `${stage}-${option}`;
}

/**
 * Reads names such as `E1-R,D2-RRA`, or `D2` for all of a stage; in the order of the space, each once.
 * @throws ConfigError naming every one that is not of the space.
 */
export function parseSurrogates(text: string): readonly Surrogate[] {
  const asked = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const fits = (asking: string, surrogate: Surrogate): boolean =>
    asking === surrogate.stage || asking === surrogateName(surrogate);
  const wrong = asked.filter((name) => !allSurrogates.some((one) => fits(name, one)));
  if (wrong.length > 0 || asked.length === 0) {
    const example = `${surrogateName(allSurrogates[0])} or ${allSurrogates[0].stage}`;
    const got = wrong.length > 0 ? wrong.map((name) => `"${name}"`).join(', ') : 'none';
    throw new ConfigError(
      `expected surrogates of the design space, such as ${example} (nanosd distill --help lists them), got ${got}`,
    );
  }
  return allSurrogates.filter((one) => asked.some((name) => fits(name, one)));
}

/** Where a stage lies in a network of three levels or in its teacher, counted from fine to coarse. */
export function stagePlace(stage: StageName): UnetStage {
  const index = stageNames.indexOf(stage);
  return index < 3
    ? { direction: 'down', level: index }
    : { direction: 'up', level: stageNames.length - 1 - index };
}

/** The student that has the surrogate in its stage and the teacher's own layers in the others. */
export function surrogateUnet(
  teacher: StagedUnetConfig,
  { stage, option }: Surrogate,
): StagedUnetConfig {
  return cutUnet(teacher, { ...teacherStages, [stage]: option }, 'dropped');
}
