import { graphCost } from '../../../graph/index.js';
import { nanosdUnet, type StagedUnetConfig } from '../../../models/index.js';
import type { AlignmentPlan } from './plan-node.js';
import type { AlignmentTraining } from './config.js';
import { readMetricsLog } from '../../loop/metricsLog-node.js';
import type { Comparison } from '../objective.js';
import { runFolder } from '../../loop/runFolder-node.js';

/** What teacher and student cost, and the held-out losses of the run so far. */
export async function compareUnets(
  { output_dir: folder, validation }: AlignmentTraining,
  { teacher, student, size }: AlignmentPlan,
): Promise<Comparison> {
  const costOf = (unet: StagedUnetConfig): { parameters: number; gmac: number } => {
    const graph = { ...nanosdUnet(unet, { ...size, batch: 1 }), taps: [] };
    const { parameters, macs } = graphCost(graph);
    return { parameters, gmac: macs / 1e9 };
  };
  const [its, own] = [costOf(teacher), costOf(student)];
  const heldOut = await heldOutCurves(folder, Object.keys(validation?.sets ?? {}));
  const rows = [
    ['parameters', its.parameters.toLocaleString('en-US'), own.parameters.toLocaleString('en-US')],
    [`GMAC a step, ${size.height} x ${size.width} cells`, its.gmac.toFixed(2), own.gmac.toFixed(2)],
    ...heldOut.flatMap(({ set, points: [first] }) =>
      first?.step === 0
        ? [[`held-out loss before alignment, ${set}`, '', first.loss.toPrecision(4)]]
        : [],
    ),
  ];
  return { rows, report: { unet: { teacher: its, student: own }, heldOut } };
}

interface HeldOutCurve {
  readonly set: string;
  readonly points: readonly ({ readonly step: number; readonly loss: number } | undefined)[];
}

async function heldOutCurves(folder: string, sets: readonly string[]): Promise<HeldOutCurve[]> {
  const log = await readMetricsLog(runFolder(folder).metrics);
  const reports = log.flatMap((entry) => ('validation' in entry ? [entry] : []));
  return sets.map((set) => {
    const points = reports.flatMap(({ step, validation }) => {
      if (!Object.hasOwn(validation, set)) return [];
      const { [set]: score } = validation;
      return 'loss' in score ? [{ step, loss: score.loss }] : [];
    });
    return { set, points };
  });
}
