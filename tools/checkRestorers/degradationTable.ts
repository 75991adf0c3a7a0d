// Never worse than an interpolation: a restorer beside bicubic (at a scale of 1, the picture as it is) on clean and on spoilt pictures.
import { degradationSchema, meanScores, type TimedScores } from 'nanosd';
import {
  degradedSubjects,
  evaluate,
  interpolation,
  type EvaluationOptions,
  type FileRestorer,
} from 'nanosd/node';

/** What happens to the small picture, in the words of a training config. */
const afterwards: Readonly<Record<string, readonly object[]>> = {
  clean: [],
  'noise 8': [{ kind: 'noise', sigma: 8 }],
  'noise 20': [{ kind: 'noise', sigma: 20 }],
  'JPEG 40': [{ kind: 'jpeg', quality: 40 }],
  'JPEG 20': [{ kind: 'jpeg', quality: 20 }],
  'blur, noise, JPEG': [
    { kind: 'noise', sigma: 5 },
    { kind: 'jpeg', quality: 40 },
  ],
};

export interface TableRow {
  readonly name: string;
  readonly ours: TimedScores;
  readonly theirs: TimedScores;
}

export interface TableOptions extends EvaluationOptions {
  readonly folder: string;
  /** The first so many pictures of the folder. */
  readonly count: number;
  readonly fidelity?: number;
}

export async function* degradationTable(
  restorer: FileRestorer,
  { folder, count, fidelity, ...options }: TableOptions,
): AsyncGenerator<TableRow> {
  const { scale } = restorer;
  const chosen = fidelity === undefined ? {} : { fidelity };
  const network = {
    scale,
    prepare: (width: number, height: number) => restorer.prepare(width, height, chosen),
    restore: (image: Parameters<FileRestorer['restore']>[0]) => restorer.restore(image, chosen),
  };
  for (const [name, steps] of Object.entries(afterwards)) {
    const blur = name.startsWith('blur') ? [{ kind: 'blur', sigma: 1.6, size: 13 }] : [];
    const smaller = scale === 1 ? [] : [{ kind: 'bicubic', scale }];
    const degradation = degradationSchema.parse({
      kind: 'sequence',
      steps: [...blur, ...smaller, ...steps, { kind: 'quantize' }],
    });
    const subjects = await degradedSubjects(folder, { degradation, scale, seed: 1 });
    const [ours, theirs]: [TimedScores[], TimedScores[]] = [[], []];
    const methods = [network, interpolation(scale, 'bicubic')];
    for await (const { results } of evaluate(subjects.slice(0, count), methods, options)) {
      ours.push(results[0].scores);
      theirs.push(results[1].scores);
    }
    yield { name, ours: meanScores(ours), theirs: meanScores(theirs) };
  }
}
