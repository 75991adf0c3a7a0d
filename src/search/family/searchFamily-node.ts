import { join } from 'node:path';
import { graphCost } from '../../graph/index.js';
import { ConfigError, nanosdUnet, nanosdUnetFile, stagedUnetOf } from '../../models/index.js';
import { openCheckpoint, type OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import { cutUnet, parseStages } from '../../surgery/index.js';
import { makeFolder } from '../../weights/makeFolder-node.js';
import { missingSurrogates, openSurrogates, teacherUnet } from './assembleStudent-node.js';
import type { FamilyPoint, FamilyReport, SearchRecord } from '../report/familyReport.js';
import { networkCosts, type FamilySearchSettings } from './familyProblem.js';
import { missingOptions, type LatencyTable } from '../latency/latencyTable.js';
import { readLatencyTable } from '../latency/latencyTable-node.js';
import { openExecutorPool, type ComputeOptions } from '../quality/measureQuality-node.js';
import {
  namingRules,
  operatingPoints,
  qualityFront,
  type OperatingPoint,
} from '../space/operatingPoints.js';
import {
  openQualityMeter,
  type QualityMeter,
  type QualitySettings,
} from '../quality/qualityMeter-node.js';
import {
  runFamilySearches,
  type FamilyWorkshop,
  type SearchProgress,
} from './runFamilySearches-node.js';
import { writeFamilyReport, writeSamples, writeText } from '../report/writeFamilyReport-node.js';

export interface FamilySearchOptions {
  /** A checkpoint, by its folder or name. */
  readonly teacher: string;
  /** The folder that distillation wrote. */
  readonly surrogates: string;
  /** A latency table, `latency.json`. */
  readonly latency: string;
  /** The folder of everything that is written. */
  readonly output: string;
  readonly search?: FamilySearchSettings;
  readonly quality?: Omit<QualitySettings, 'cache'>;
  readonly compute?: ComputeOptions;
  /** Goes on with the journals that are there, which otherwise is an error. */
  readonly resume?: boolean;
}

export interface FamilySearchEvents {
  /** Ends the work between two steps; what was measured is in the journals. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FamilySearchProgress) => void;
}

export type FamilySearchProgress =
  /** The teacher is being sampled; `done` of 1. */
  | { readonly phase: 'teacher'; readonly done: number }
  | ({ readonly phase: 'search' } & SearchProgress)
  /** Pictures of the students that have a name. */
  | { readonly phase: 'pictures'; readonly done: number; readonly total: number };

const PICTURES = 8;

/**
 * Searches the design space for the students with the best trade-offs of quality and latency, and of quality and
 * parameters. Writes into the output folder a journal for each search, `pareto.json`, `operating-points.json`,
 * `report.json` and `report.html`.
 * @throws ModelError listing every surrogate that is missing; ConfigError for a latency table with gaps, a journal of
 * another run, or one that is there and not to be resumed; the signal's reason when aborted.
 */
export async function searchFamily(
  options: FamilySearchOptions,
  events: FamilySearchEvents = {},
): Promise<FamilyReport> {
  const table = await readWholeTable(options.latency);
  await using teacher = await openCheckpoint(options.teacher);
  const own = teacherUnet(teacher.unet);
  await using surrogates = await openSurrogates(options.surrogates, own);
  if (surrogates.missing.length > 0) {
    throw missingSurrogates(options.surrogates, surrogates.missing);
  }
  await makeFolder(options.output);
  await using pool = openExecutorPool(options.compute);
  const settings = { ...options.quality, cache: join(options.output, 'cache') };
  await using meter = await openQualityMeter(teacher, pool.executors, settings, {
    ...(events.signal && { signal: events.signal }),
    onProgress: (done) => events.onProgress?.({ phase: 'teacher', done }),
  });
  const costOf = networkCosts(own.config, oneLatent(teacher, meter), table);
  const workshop: FamilyWorkshop = { meter, surrogates, costOf, table };
  const searches = await runFamilySearches(workshop, options, {
    ...(events.signal && { signal: events.signal }),
    onProgress: (progress) => events.onProgress?.({ phase: 'search', ...progress }),
  });
  const report = await describeFamily(options, { ...workshop, teacher, searches }, events);
  await writeFamily(options.output, teacher, report);
  return report;
}

async function readWholeTable(path: string): Promise<LatencyTable> {
  const table = await readLatencyTable(path);
  const missing = missingOptions(table);
  if (missing.length === 0) return table;
  throw new ConfigError(
    `${path}: expected a latency for every option of every stage, got none for ${missing.join(', ')}`,
  );
}

function oneLatent(
  { unet }: OpenCheckpoint,
  { contextTokens }: QualityMeter,
): { batch: number; height: number; width: number; contextTokens: number } {
  const side = Number(unet.file.sample_size);
  return { batch: 1, height: side, width: side, contextTokens };
}

interface FamilyParts extends FamilyWorkshop {
  readonly teacher: OpenCheckpoint;
  readonly searches: readonly SearchRecord[];
}

async function describeFamily(
  { output }: FamilySearchOptions,
  { teacher, searches, meter, surrogates, table }: FamilyParts,
  { signal, onProgress }: FamilySearchEvents,
): Promise<FamilyReport> {
  const measured = searches.flatMap(({ evaluations }) => evaluations);
  const named = operatingPoints(measured);
  const cost = graphCost(nanosdUnet(stagedUnetOf(teacher.unet.network), oneLatent(teacher, meter)));
  const own = await writeSamples(output, 'teacher', await meter.pictures(PICTURES));
  const points: FamilyPoint[] = [];
  for (const [done, point] of named.entries()) {
    onProgress?.({ phase: 'pictures', done, total: named.length });
    const student = await surrogates.assemble(parseStages(point.stages));
    const pictures = await meter.pictures(PICTURES, student, signal ? { signal } : {});
    const assembled = await writeSamples(output, point.name, pictures);
    points.push(familyPoint(point, assembled));
  }
  return {
    format: 'nanosd-family-report',
    version: 1,
    title: `The NanoSD family of ${teacher.name}`,
    teacher: {
      name: teacher.name,
      parameters: cost.parameters,
      macs: cost.macs,
      samples: own,
    },
    device: table.device,
    quality: { ...meter.settings, prompts: meter.prompts, floor: meter.floor },
    searches,
    points,
  };
}

function familyPoint(point: OperatingPoint, assembled: readonly string[]): FamilyPoint {
  const { name, rule, stages, parameters, macs, latencyMs, taFD, latentDistance } = point;
  return {
    ...{ name, rule, stages, parameters, macs },
    latencyMs: { predicted: latencyMs },
    taFD: { assembled: taFD },
    latentDistance: { assembled: latentDistance },
    samples: { assembled },
  };
}

async function writeFamily(
  output: string,
  teacher: OpenCheckpoint,
  report: FamilyReport,
): Promise<void> {
  const measured = report.searches.flatMap(({ evaluations }) => evaluations);
  const fronts = {
    latency: qualityFront(measured, ({ latencyMs }) => latencyMs),
    parameters: qualityFront(measured, ({ parameters }) => parameters),
  };
  const config = stagedUnetOf(teacher.unet.network);
  const points = operatingPoints(measured).map((point) => ({
    ...point,
    unet: nanosdUnetFile(
      cutUnet(config, parseStages(point.stages), 'dropped'),
      Number(teacher.unet.file.sample_size),
    ),
  }));
  const rules = namingRules.map(({ name, rule }) => ({ name, rule }));
  await writeText(join(output, 'pareto.json'), jsonOf(fronts));
  await writeText(join(output, 'operating-points.json'), jsonOf({ rules, points }));
  await writeFamilyReport(output, report);
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
