// Do parameters, MACs or activation bytes tell how long a network takes? Random networks of the design space,
// assembled and measured, at the widths of sd-mini and of SD 1.5; and every stage option alone. What was measured
// is kept in a folder, and a later call goes on from there: one that is interrupted, or ends by --max-seconds.
// Prints tables and writes docs/images/latency-correlation.svg.
// npm run bench -- correlation [--set mini-16|mini-32|sd15]... [--networks N] [--threads N] [--max-seconds S]
//   [--results FOLDER]
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  assembledGraph,
  drawNetworks,
  endParts,
  formatStages,
  graphCost,
  measureLatencies,
  Random,
  stageNames,
  stageParts,
  type Executor,
  type Graph,
} from 'nanosd';
import { createNodeExecutor, describeDevice } from 'nanosd/node';
import { correlationFigure } from './correlation/figure.js';
import { describeStudy } from './correlation/report.js';
import { readStudy, studyPath, type Measured, type Study } from './correlation/study.js';
import { sets, setNames, type StudySet } from './correlation/sets.js';

const figure = fileURLToPath(new URL('../docs/images/latency-correlation.svg', import.meta.url));

export async function benchCorrelation(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      set: { type: 'string', multiple: true, default: [] },
      networks: { type: 'string' },
      threads: { type: 'string', default: '1' },
      'max-seconds': { type: 'string', default: 'Infinity' },
      results: { type: 'string', default: 'bench-results/correlation' },
    },
  });
  const chosen = values.set.length > 0 ? values.set : setNames;
  const deadline = performance.now() + 1000 * Number(values['max-seconds']);
  await mkdir(values.results, { recursive: true });
  for (const name of chosen) {
    const set = sets.get(name);
    if (!set) throw new Error(`--set: expected one of ${setNames.join(', ')}, got ${name}`);
    const networks = Number(values.networks ?? set.networks);
    await measureSet({ ...set, networks }, Number(values.threads), values.results, deadline);
  }
  const studies = await Promise.all(setNames.map((name) => readStudy(values.results, name)));
  const measured = studies.filter((study) => study !== null && study.networks.length > 0);
  for (const study of measured) console.log(describeStudy(study as Study));
  await writeFile(figure, correlationFigure(measured as Study[]));
  console.log(`written: ${figure}`);
}

interface Item {
  readonly kind: 'network' | 'part';
  readonly name: string;
  readonly graph: Graph;
}

/**
 * Measures what is not there yet, some at a time, and writes after each time. Networks and parts are mixed, so
 * that each group has some of every kind.
 */
async function measureSet(
  set: StudySet,
  threads: number,
  folder: string,
  deadline: number,
): Promise<void> {
  const device = describeDevice({ name: 'cpu', threads, date: new Date() });
  const known = await readStudy(folder, set.name);
  let study: Study = known ?? { set: set.name, device, networks: [], parts: [] };
  const missing = itemsOf(set).filter(({ kind, name }) => {
    const there = kind === 'network' ? study.networks : study.parts;
    return !there.some((measured) => measured.name === name);
  });
  const queue = Random.seeded(5)
    .permutation(missing.length)
    .map((i) => missing[i]);
  const executor = createNodeExecutor({ threads });
  const clock = threads === 1 ? processorTime : () => performance.now();
  for (let at = 0; at < queue.length && performance.now() < deadline; at += set.atOnce) {
    const group = queue.slice(at, at + set.atOnce);
    const measured = await measureGroup(executor, group, { runs: set.runs, clock });
    console.error(`${set.name}: ${at + group.length} of ${queue.length}`);
    const of = (kind: Item['kind']): Measured[] =>
      measured.filter((_, i) => group[i].kind === kind);
    study = {
      ...study,
      networks: [...study.networks, ...of('network')],
      parts: [...study.parts, ...of('part')],
    };
    await writeFile(studyPath(folder, set.name), JSON.stringify(study, null, 1));
  }
}

/**
 * What this process has computed, in milliseconds. A run on one thread takes that long on a core of its own, and
 * the same on one that it shares.
 */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function measureGroup(
  executor: Executor,
  group: readonly Item[],
  options: { readonly runs: number; readonly clock: () => number },
): Promise<Measured[]> {
  const graphs = group.map(({ graph }) => graph);
  const latencies = await measureLatencies(executor, graphs, {
    ...{ ...options, warmup: 1, random: Random.seeded(6), maxBytes: 8e9 },
  });
  return group.map(({ name, graph }, i) => {
    const { parameters, macs, activationBytes, peakBytes } = graphCost(graph);
    return { name, parameters, macs, activationBytes, peakBytes, ...latencies[i] };
  });
}

function itemsOf({ teacher, size, networks }: StudySet): Item[] {
  const parts = [
    ...endParts(teacher, size),
    ...stageNames.flatMap((stage) => stageParts(teacher, stage, size)),
  ];
  const drawn = drawNetworks(networks, Random.seeded(4));
  return [
    ...parts.map(({ stage, option, graph }) => ({
      ...{ kind: 'part' as const, name: `${stage} ${option}`, graph },
    })),
    ...drawn.map((stages) => ({
      ...{ kind: 'network' as const, name: formatStages(stages) },
      graph: assembledGraph(teacher, stages, size),
    })),
  ];
}
