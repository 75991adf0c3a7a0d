import { join } from 'node:path';
import { replaceFile } from '../weights/replace-file-node.js';
import type { DistillPlan } from './distillPlan.js';
import { distillationReportHtml } from './reportHtml.js';
import { allSurrogates, surrogateName } from './surrogate.js';
import { readSurrogateReport } from './surrogateFolder-node.js';
import type { SurrogateReport } from './surrogateReport.js';

/**
 * Writes `report.html`, which needs nothing else to be looked at, and `surrogates.json` beside the finished
 * surrogates of a plan; returns their reports, in the order of the space.
 * @throws WeightsError when the system refuses.
 */
export async function writeDistillationReports(
  plan: DistillPlan,
): Promise<readonly SurrogateReport[]> {
  const { folder, identity } = plan;
  const found = await Promise.all(
    allSurrogates.map((surrogate) => readSurrogateReport(folder, surrogate, identity)),
  );
  const reports = found.flatMap((report) => report ?? []);
  const surrogates = reports.map(({ lossCurve: _, identity: __, ...rest }) => ({
    name: surrogateName(rest),
    ...rest,
  }));
  const summary = { _class_name: 'NanoSDSurrogates', identity, surrogates };
  await write(join(folder, 'surrogates.json'), `${JSON.stringify(summary, null, 2)}\n`);
  await write(join(folder, 'report.html'), distillationReportHtml(identity, reports));
  return reports;
}

const write = (path: string, text: string): Promise<void> =>
  replaceFile(path, [new TextEncoder().encode(text)]);
