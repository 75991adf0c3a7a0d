import { ConfigError } from '../models/index.js';

/** The stages that surgery keeps, in the order of their strings: three on the way down, three up. */
export const stageNames = ['E1', 'E2', 'E3', 'D3', 'D2', 'D1'] as const;

export type StageName = (typeof stageNames)[number];

/** One string of `R` (resnet) and `A` (transformer) for each stage. */
export type Stages = Readonly<Record<StageName, string>>;

const encoderOptions = ['R', 'RA', 'RR', 'RARA'] as const;
const decoderOptions = ['R', 'RA', 'RR', 'RAR', 'RRA', 'RARA', 'RRR', 'RARARA'] as const;

/**
 * The options of each stage, cheapest first and the teacher's own last: 4 x 4 x 4 x 8 x 8 x 8 = 32,768
 * networks (NanoSD, section on the design space; which strings the options are is our reconstruction).
 */
export const stageOptions: Readonly<Record<StageName, readonly string[]>> = {
  E1: encoderOptions,
  E2: encoderOptions,
  E3: encoderOptions,
  D3: decoderOptions,
  D2: decoderOptions,
  D1: decoderOptions,
};

/** What SD 1.5 has in the stages that are kept. */
export const teacherStages: Stages = {
  E1: 'RARA',
  E2: 'RARA',
  E3: 'RARA',
  D3: 'RARARA',
  D2: 'RARARA',
  D1: 'RARARA',
};

/**
 * Reads `E1 E2 E3 D3 D2 D1`, such as `RA R RR RR R R`.
 * @throws ConfigError naming every stage that is not in the design space, with the options there are.
 */
export function parseStages(text: string): Stages {
  const strings = text.trim().split(/\s+/);
  if (strings.length !== stageNames.length) {
    throw new ConfigError(
      `expected ${stageNames.length} stages (${stageNames.join(' ')}), got ${strings.length}: "${text}"`,
    );
  }
  const wrong = stageNames.flatMap((name, i) =>
    stageOptions[name].includes(strings[i])
      ? []
      : [`${name}: expected one of ${stageOptions[name].join(', ')}, got "${strings[i]}"`],
  );
  if (wrong.length > 0) throw new ConfigError(wrong.join('\n'));
  const [E1, E2, E3, D3, D2, D1] = strings;
  return { E1, E2, E3, D3, D2, D1 };
}

/** The inverse of `parseStages`. */
export function formatStages(stages: Stages): string {
  return stageNames.map((name) => stages[name]).join(' ');
}

/** Every network of the space, in the order of a counter whose last digit is D1. */
export function* allStages(): Generator<Stages> {
  for (const E1 of stageOptions.E1)
    for (const E2 of stageOptions.E2)
      for (const E3 of stageOptions.E3)
        for (const D3 of stageOptions.D3)
          for (const D2 of stageOptions.D2)
            for (const D1 of stageOptions.D1) yield { E1, E2, E3, D3, D2, D1 };
}
