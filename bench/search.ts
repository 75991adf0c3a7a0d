// How much of the true front's hypervolume the search finds, beside NSGA-II and random points at the same
// budget, on ZDT1 to ZDT3 and on a made-up table of the design space's shape: the figures and the plot of
// docs/pipeline.md. Also written to runs/search.json.
// npm run bench -- search [--seeds 10] [--only table]
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createSearch, hypervolume, strategies, type StrategyName } from 'nanosd/training';
import type { Curves } from './search/curves.js';
import { searchFigure } from './search/figure.js';
import { tableProblem, zdtProblems, type TestProblem } from './search/problems.js';

const evaluations = 60;
const initial = 12;

/** Prints a table, and draws it where all problems were run. */
export async function benchSearch(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { seeds: { type: 'string', default: '10' }, only: { type: 'string', default: '' } },
  });
  const seeds = Number(values.seeds);
  const problems = [...zdtProblems(), tableProblem(false), tableProblem(true)].filter(({ name }) =>
    name.startsWith(values.only),
  );
  console.log(
    `share of the true front's hypervolume after ${evaluations} evaluations, ${initial} of them the ` +
      `same initial design; median of ${seeds} seeds (least, greatest)\n`,
  );
  const all = problems.flatMap((problem) => {
    const names = Object.keys(strategies) as StrategyName[];
    const curves = names.map((name) => measureStrategy(problem, name, seeds));
    for (const curve of curves) print(curve);
    return curves;
  });
  await mkdir('runs', { recursive: true });
  await writeFile('runs/search.json', JSON.stringify(all));
  if (values.only === '') await writeFile('docs/images/search.svg', searchFigure(all, initial));
}

function measureStrategy(test: TestProblem, strategy: StrategyName, seeds: number): Curves {
  const whole = hypervolume(test.trueFront, test.reference);
  const begun = process.cpuUsage();
  const curves = Array.from({ length: seeds }, (_, i) =>
    run(test, strategy, i + 1).map((area) => area / whole),
  );
  const { user, system } = process.cpuUsage(begun);
  return {
    problem: test.name,
    strategy,
    seeds: curves,
    msOfSuggestion: (user + system) / 1000 / seeds / (evaluations - initial),
  };
}

/** The hypervolume after each evaluation. */
function run({ problem, measure, reference }: TestProblem, name: StrategyName, seed: number) {
  const search = createSearch(problem, strategies[name](problem, { seed, initial }));
  const areas: number[] = [];
  while (areas.length < evaluations) {
    for (const point of search.ask(1)) search.tell(point, measure(point));
    const found = search.trials.flatMap(({ objectives }) => (objectives ? [objectives] : []));
    areas.push(hypervolume(found, reference));
  }
  return areas;
}

function print({ problem, strategy, seeds, msOfSuggestion }: Curves): void {
  const last = seeds.map((curve) => curve[curve.length - 1]).sort((a, b) => a - b);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const median =
    (last[Math.floor((last.length - 1) / 2)] + last[Math.ceil((last.length - 1) / 2)]) / 2;
  const range = `(${percent(last[0])}, ${percent(last[last.length - 1])})`;
  console.log(
    `${problem.padEnd(21)} ${strategy.padEnd(9)} ${percent(median)} ${range}, ` +
      `${msOfSuggestion.toFixed(0)} ms a suggestion`,
  );
}
