import { Option, type Command } from 'commander';
import type { FamilyReport } from '../../src/index.js';
import type { FamilySearchProgress } from '../../src/node.js';
import { parseCount, parseSeed } from '../terminal/arguments.js';
import { interruptible } from '../terminal/interrupt.js';
import { createDrawing, formatSeconds } from '../terminal/progress.js';
import { formatTable } from '../terminal/table.js';

interface SearchFlags {
  readonly surrogates: string;
  readonly latency: string;
  readonly output: string;
  readonly objective: 'latency' | 'parameters' | 'both';
  readonly strategy: 'ehvi' | 'nsga2' | 'random';
  readonly evaluations: number;
  readonly initial?: number;
  readonly seed: number;
  readonly maxParameters?: number;
  readonly samples: number;
  readonly steps: number;
  readonly features: string;
  readonly prompt?: readonly string[];
  readonly device: string;
  readonly threads?: number;
  readonly resume: boolean;
  readonly json: boolean;
}

const examples = `
Examples:
  nanosd search sd-mini --surrogates surrogates/ --latency latency.json -o family/
  nanosd search sd-mini --surrogates surrogates/ --latency phone.json -o family/ --objective latency --evaluations 100
  nanosd search sd-mini --surrogates surrogates/ --latency latency.json -o family/ --resume
`;

export function defineSearch(command: Command): void {
  command
    .argument('<teacher>', 'the checkpoint that the surrogates stand for')
    .requiredOption('--surrogates <folder>', 'the surrogates that distill wrote')
    .requiredOption('--latency <file>', 'the latency table that profile wrote')
    .requiredOption('-o, --output <folder>', 'where the journals and the report go')
    .addOption(
      new Option('--objective <name>', 'what to trade quality for')
        .choices(['latency', 'parameters', 'both'])
        .default('both'),
    )
    .addOption(
      new Option('--strategy <name>', 'how to choose what to measure')
        .choices(['ehvi', 'nsga2', 'random'])
        .default('ehvi'),
    )
    .option('--evaluations <n>', 'students to measure for each objective', parseCount, 60)
    .option('--initial <n>', 'of these, spread over the space at first (default: 12)', parseCount)
    .option('--max-parameters <n>', 'leave out larger students', parseCount)
    .option('--seed <n>', 'what the choices and the samples follow from', parseSeed, 0)
    .option('--samples <n>', 'pictures that a student is measured by', parseCount, 96)
    .option('--steps <n>', 'steps of DDIM for each', parseCount, 10)
    .option(
      '--features <name>',
      "what they are compared by: vae, latent, or a feature network's .onnx",
      'vae',
    )
    .option('--prompt <text...>', 'what they are pictures of (default: of all kinds)')
    .option('--device <name>', 'what to compute on: cpu, webgpu, cuda, ...', 'cpu')
    .option('--threads <n>', 'threads (default: one a core)', parseCount)
    .option('--resume', 'go on with the search that is there', false)
    .option('--json', 'print each student that was measured, and the points, as JSON', false)
    .addHelpText('after', examples)
    .action((teacher: string, flags: SearchFlags) =>
      interruptible((signal) => search(teacher, flags, signal)),
    );
}

async function search(teacher: string, flags: SearchFlags, signal: AbortSignal): Promise<void> {
  const { searchFamily } = await import('../../src/node.js');
  const { surrogates, latency, output, resume, samples, steps, features, seed } = flags;
  const display = createDisplay(flags.json);
  signal.addEventListener('abort', () => display.clear());
  try {
    const report = await searchFamily(
      {
        ...{ teacher, surrogates, latency, output, resume },
        search: searchSettings(flags),
        quality: { samples, steps, features, seed, ...(flags.prompt && { prompts: flags.prompt }) },
        compute: {
          device: flags.device,
          ...(flags.threads !== undefined && { threads: flags.threads }),
        },
      },
      { signal, onProgress: display.update },
    );
    display.clear();
    print(report, flags);
  } finally {
    display.clear();
  }
}

function searchSettings(flags: SearchFlags) {
  const { objective, strategy, evaluations, initial, seed, maxParameters } = flags;
  const objectives = objective === 'both' ? (['latency', 'parameters'] as const) : [objective];
  return {
    objectives,
    strategy: strategy === 'ehvi' ? ('bayesian' as const) : strategy,
    evaluations,
    seed,
    ...(initial !== undefined && { initial }),
    ...(maxParameters !== undefined && { maxParameters }),
  };
}

interface Display {
  readonly update: (progress: FamilySearchProgress) => void;
  readonly clear: () => void;
}

/** One line on a terminal; with `json`, a line on stdout for each student that was measured. */
function createDisplay(json: boolean): Display {
  const drawing = createDrawing(process.stderr);
  let line: ((width: number) => string) | undefined;
  const pace = createPace();
  const draw = (isLast: boolean): void => {
    if (line) drawing.draw(line, isLast);
  };
  return {
    clear: () => drawing.clear(),
    update(progress) {
      if (progress.phase === 'search') {
        pace.note(progress);
        const { student, isKnown, objective, hypervolume } = progress;
        if (json && student && !isKnown) {
          process.stdout.write(`${JSON.stringify({ objective, hypervolume, ...student })}\n`);
        }
      }
      line = (width) => progressText(progress, pace.secondsLeft()).slice(0, width);
      draw(true);
    },
  };
}

/** How long what is left will take, by what was measured in this run. */
function createPace() {
  const start = performance.now();
  let [begun, left] = [Infinity, 0];
  let first = start;
  return {
    note(progress: { readonly left: number }): void {
      if (begun === Infinity) [begun, first] = [progress.left, performance.now()];
      ({ left } = progress);
    },
    secondsLeft(): number | undefined {
      const done = begun - left;
      if (!(done > 0) || begun === Infinity) return undefined;
      return ((performance.now() - first) / 1000 / done) * left;
    },
  };
}

function progressText(progress: FamilySearchProgress, secondsLeft: number | undefined): string {
  switch (progress.phase) {
    case 'teacher':
      return `sampling the teacher  ${Math.floor(100 * progress.done)} %`;
    case 'pictures':
      return `pictures of the named students  ${progress.done}/${progress.total}`;
    case 'search': {
      const { objective, evaluation, evaluations, hypervolume, student } = progress;
      const left = secondsLeft === undefined ? '' : `  ${formatSeconds(secondsLeft)} left`;
      const last = student ? `  ${student.stages} ${student.taFD.toPrecision(3)}` : '';
      return `${objective}  ${evaluation}/${evaluations}${left}  hypervolume ${hypervolume.toFixed(3)}${last}`;
    }
  }
}

function print(report: FamilyReport, { output, json }: SearchFlags): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ output, points: report.points })}\n`);
    return;
  }
  const header = ['', 'stages', 'parameters', 'MACs', 'ms', 'taFD', 'latent'];
  const rows = report.points.map((point) => [
    point.name,
    point.stages,
    point.parameters.toLocaleString('en'),
    `${(point.macs / 1e6).toFixed(0)}M`,
    number(point.latencyMs.predicted),
    number(point.taFD.assembled),
    number(point.latentDistance.assembled),
  ]);
  process.stdout.write(formatTable([header, ...rows]));
  process.stdout.write(
    `the teacher from itself with other seeds: taFD ${number(report.quality.floor)}\n${output}: report.html\n`,
  );
}

function number(value: number | undefined): string {
  return value === undefined ? '-' : String(Number(value.toPrecision(3)));
}
