import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promptTokens } from '../distillation/teacherPrompts-node.js';
import { nanosdUnet, stagedUnetOf, type StagedUnetConfig } from '../models/index.js';
import { openCheckpoint, type OpenCheckpoint } from '../models/openCheckpoint-node.js';
import { availableMemory } from '../runtime/availableMemory-node.js';
import { createNodeExecutor } from '../runtime/ort-node.js';
import type { Curve, FamilyPoint, FamilyReport } from '../search/report/familyReport.js';
import { openExecutorPool } from '../search/quality/measureQuality-node.js';
import { measureLatencies } from '../search/latency/measureLatencies.js';
import { openQualityMeter, type QualityMeter } from '../search/quality/qualityMeter-node.js';
import {
  readFamilyReport,
  writeFamilyReport,
  writeSamples,
} from '../search/report/writeFamilyReport-node.js';
import { Random } from '../tensor/index.js';
import { replaceFolder } from '../weights/replace-folder-node.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import { heldOutCurve } from './alignStages-node.js';
import { settingsOf, type FamilyPlan, type FamilyStage } from './familyPlan-node.js';
import type { StageContext } from './stage.js';

const PICTURES = 8;

/** Where the stage of that folder leaves a member of the family. */
export function memberFolder(folder: string, name: string): string {
  return join(folder, 'family', name);
}

/** Measures the family after alignment, and writes its checkpoints and its report. */
export const familyStage: FamilyStage = (plan) => ({
  name: 'family',
  after: ['search', 'vae', 'align', 'compare', 'profile'],
  settings: [settingsOf(plan.config.search), settingsOf(plan.config.profile)],
  async run(at) {
    const { config } = plan;
    const report = await readFamilyReport(at.folderOf('search'));
    await cp(join(at.folderOf('search'), 'samples'), join(at.folder, 'samples'), {
      recursive: true,
    });
    await using teacher = await openCheckpoint(config.teacher);
    await using pool = openExecutorPool({ threads: config.workers });
    const { samples, steps } = config.search;
    const quality = { samples, steps, seed: config.seed };
    const cache = join(at.folderOf('search'), 'cache');
    await using meter = await openQualityMeter(teacher, pool.executors, { ...quality, cache });
    const points: FamilyPoint[] = [];
    for (const [i, point] of report.points.entries()) {
      at.onProgress(i / (report.points.length + 1), `quality of ${point.name}`);
      points.push(await alignedPoint(plan, at, meter, point));
    }
    at.onProgress(points.length / (points.length + 1), 'latencies');
    const timed = await withLatencies(plan, at, teacher, { ...report, points });
    await writeFamilyReport(at.folder, timed);
  },
});

/** What is known of a student after its alignment, whose checkpoint joins the family. */
async function alignedPoint(
  plan: FamilyPlan,
  at: StageContext,
  meter: QualityMeter,
  point: FamilyPoint,
): Promise<FamilyPoint> {
  const { name } = point;
  const aligned = join(at.folderOf('align'), name);
  const member = memberFolder(at.folder, name);
  await makeFolder(join(at.folder, 'family'));
  await rm(member, { recursive: true, force: true });
  await replaceFolder(member, (partial) => cp(aligned, partial, { recursive: true }));
  await using student = await openCheckpoint(aligned);
  const unet = { config: stagedUnetOf(student.unet.network), weights: student.unet.weights };
  const { signal } = at;
  const quality = await meter.measure(unet, { signal });
  const pictures = await meter.pictures(PICTURES, unet, { signal });
  return {
    ...point,
    taFD: { ...point.taFD, aligned: quality.taFD },
    latentDistance: { ...point.latentDistance, aligned: quality.latentDistance },
    samples: {
      ...point.samples,
      aligned: await writeSamples(at.folder, `${name}-aligned`, pictures),
    },
    curves: await curvesOf(plan, at, name),
  };
}

/** Held-out losses of the alignment, and of those that it is compared with. */
async function curvesOf(
  { config }: FamilyPlan,
  { folderOf }: StageContext,
  name: string,
): Promise<readonly Curve[]> {
  const own = { name: 'distilled', points: await heldOutCurve(join(folderOf('align'), name)) };
  if (name !== config.compare) return [own];
  const others = ['inherited', 'random'].map(async (start) => ({
    name: start,
    points: await heldOutCurve(join(folderOf('compare'), start)),
  }));
  return [own, ...(await Promise.all(others))];
}

/** The report with the measured latency of every student and of the teacher, all in the same rounds. */
async function withLatencies(
  { config }: FamilyPlan,
  { folderOf, signal, onProgress }: StageContext,
  teacher: OpenCheckpoint,
  report: FamilyReport,
): Promise<FamilyReport> {
  const configs: StagedUnetConfig[] = [stagedUnetOf(teacher.unet.network)];
  for (const { name } of report.points) {
    await using student = await openCheckpoint(join(folderOf('align'), name));
    configs.push(stagedUnetOf(student.unet.network));
  }
  const side = Number(teacher.unet.file.sample_size);
  const contextTokens = promptTokens(teacher);
  const size = { batch: 1, height: side, width: side, contextTokens };
  const graphs = configs.map((each) => nanosdUnet(each, size));
  const { runs, warmup } = config.profile;
  const latencies = await measureLatencies(
    createNodeExecutor({ threads: config.workers }),
    graphs,
    {
      ...{ runs: 2 * runs, warmup, random: Random.seeded(config.seed), signal },
      maxBytes: availableMemory() / 2,
      onProgress: (done, total) => onProgress(0.9 + (0.1 * done) / total, 'latencies'),
    },
  );
  const [own, ...others] = latencies.map(({ median }) => median);
  return {
    ...report,
    teacher: { ...report.teacher, latencyMs: { measured: own } },
    points: report.points.map((point, i) => ({
      ...point,
      latencyMs: { ...point.latencyMs, measured: others[i] },
    })),
  };
}
