import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError } from '../../models/index.js';
import type { SurrogateFolder } from './assembleStudent-node.js';
import type { CostObjective, MeasuredStudent, SearchRecord } from '../report/familyReport.js';
import {
  costNumber,
  defaultInitial,
  familyBox,
  familyProblem,
  type CostOf,
  type FamilySearchSettings,
} from './familyProblem.js';
import { hypervolumeCurve, hypervolumeShare } from '../algorithms/hypervolumeShare.js';
import { openJournal, type SearchJournal } from './journal-node.js';
import type { LatencyTable } from '../latency/latencyTable.js';
import { qualityFront } from '../space/operatingPoints.js';
import type { Objectives } from '../algorithms/pareto.js';
import type { Quality, QualityMeter } from '../quality/qualityMeter-node.js';
import { runSearch, type Measurement } from '../algorithms/runSearch.js';
import type { SampleOptions } from '../quality/sampleLatents.js';
import { createSearch, strategies } from '../algorithms/search.js';
import { pointKey, type Point } from '../space/space.js';
import { stagesAt } from '../space/stageSpace.js';

/** What students are assembled and measured with. */
export interface FamilyWorkshop {
  readonly meter: QualityMeter;
  readonly surrogates: SurrogateFolder;
  readonly costOf: CostOf;
  readonly table: LatencyTable;
}

/** How far a search is. */
export interface SearchProgress {
  readonly objective: CostObjective;
  /** Of this search, and of all. */
  readonly evaluation: number;
  readonly evaluations: number;
  readonly left: number;
  /** What came last; absent at the beginning. */
  readonly student?: MeasuredStudent;
  /** Whether it had been measured before. */
  readonly isKnown: boolean;
  readonly hypervolume: number;
  /** Students on the front. */
  readonly front: number;
}

export interface SearchEvents {
  readonly signal?: AbortSignal;
  readonly onProgress: (progress: SearchProgress) => void;
}

interface FamilyFolder {
  readonly output: string;
  readonly search?: FamilySearchSettings;
  readonly resume?: boolean;
}

/** No distance counts as less, as it is searched in logarithms. */
const LEAST_DISTANCE = 1e-9;

/** The searches, one after the other; none measures what another has. */
export async function runFamilySearches(
  workshop: FamilyWorkshop,
  { output, search = {}, resume = false }: FamilyFolder,
  events: SearchEvents,
): Promise<readonly SearchRecord[]> {
  const { objectives = ['latency', 'parameters'], evaluations = 60 } = search;
  const identity = await searchIdentity(workshop, search);
  const known = new Map<string, Quality>();
  const journals: OpenJournal[] = [];
  try {
    for (const objective of objectives) {
      const path = join(output, `journal-${objective}.jsonl`);
      const journal = await openJournal(path, { ...identity, objective });
      journals.push({ objective, journal });
      if (journal.entries.length > 0 && !resume) throw alreadyBegun(path, journal);
      for (const { point, details } of journal.entries) {
        known.set(pointKey(point), qualityIn(details));
      }
    }
    const records: SearchRecord[] = [];
    for (const [i, one] of journals.entries()) {
      const later = (journals.length - 1 - i) * evaluations;
      records.push(await runOne(workshop, search, { ...one, known, later }, events));
    }
    return records;
  } finally {
    for (const { journal } of journals) await journal[Symbol.asyncDispose]();
  }
}

interface OpenJournal {
  readonly objective: CostObjective;
  readonly journal: SearchJournal;
}

function alreadyBegun(path: string, { entries }: SearchJournal): ConfigError {
  return new ConfigError(
    `${path}: expected no search yet, got one with ${entries.length} evaluations; ` +
      'resume it, or name another output',
  );
}

/** The journal holds what was measured under its identity: this. */
function qualityIn(details: Measurement['details']): Quality {
  const { taFD, latentDistance, featureDistance } = details as object as Quality;
  return { taFD, latentDistance, featureDistance };
}

interface OneSearch extends OpenJournal {
  /** What is measured already, by point. */
  readonly known: Map<string, Quality>;
  /** Evaluations of the searches that follow. */
  readonly later: number;
}

async function runOne(
  { meter, surrogates, costOf }: FamilyWorkshop,
  settings: FamilySearchSettings,
  { objective, journal, known, later }: OneSearch,
  { signal, onProgress }: SearchEvents,
): Promise<SearchRecord> {
  const { strategy = 'bayesian', evaluations = 60, seed = 0 } = settings;
  const { initial = defaultInitial, maxParameters } = settings;
  const problem = familyProblem(costOf, objective, maxParameters);
  const propose = strategies[strategy](problem, { seed, initial: Math.min(initial, evaluations) });
  const measure = async (point: Point): Promise<Measurement> => {
    const stages = stagesAt(point);
    const before = known.get(pointKey(point));
    const options: SampleOptions = signal ? { signal } : {};
    const quality = before ?? (await meter.measure(await surrogates.assemble(stages), options));
    const taFD = Math.max(quality.taFD, LEAST_DISTANCE);
    const objectives: Objectives = [taFD, costNumber(costOf(stages), objective)];
    return { objectives, details: { ...quality, taFD } };
  };
  const done = journal.entries.map(({ point, details }) => studentOf(costOf, point, details));
  const students: MeasuredStudent[] = [...done];
  const pairs = (): Objectives[] =>
    students.map((student) => [student.taFD, costNumber(student, objective)]);
  const box = () => familyBox(costOf, objective, pairs());
  const report = (isKnown: boolean): void =>
    onProgress({
      ...{ objective, evaluation: students.length, evaluations, isKnown },
      left: evaluations - students.length + later,
      ...(students.length > 0 && { student: students[students.length - 1] }),
      hypervolume: students.length > 0 ? hypervolumeShare(pairs(), box()) : 0,
      front: qualityFront(students, (student) => costNumber(student, objective)).length,
    });
  report(true);
  const search = createSearch(problem, propose, journal.trials);
  const run = runSearch(search, measure, { evaluations, log: journal, ...(signal && { signal }) });
  for await (const { point, details } of run) {
    const isKnown = known.has(pointKey(point));
    const student = studentOf(costOf, point, details);
    known.set(pointKey(point), qualityIn(details));
    students.push(student);
    report(isKnown);
  }
  const hypervolume = students.length > 0 ? hypervolumeCurve(pairs(), box()) : [];
  return { objective, strategy, evaluations: students, hypervolume };
}

function studentOf(costOf: CostOf, point: Point, details: Measurement['details']): MeasuredStudent {
  return { ...costOf(stagesAt(point)), ...qualityIn(details) };
}

/** What has to stay the same for a search to go on. */
async function searchIdentity(
  { meter, surrogates, table }: FamilyWorkshop,
  {
    strategy = 'bayesian',
    seed = 0,
    initial = defaultInitial,
    maxParameters,
  }: FamilySearchSettings,
): Promise<Readonly<Record<string, unknown>>> {
  const digest = createHash('sha256').update(JSON.stringify(table)).digest('hex').slice(0, 16);
  return {
    teacher_and_quality: meter.identity,
    surrogates: await surrogates.identity(),
    latency_table: digest,
    strategy,
    seed,
    initial,
    max_parameters: maxParameters ?? null,
  };
}
