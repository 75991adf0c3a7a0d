import {
  inspectPipeline,
  stagedUnetOf,
  stageString,
  type ComponentName,
  type InspectedSize,
  type PartReport,
  type PipelineConfigs,
} from '../models/index.js';

/** What one part of a checkpoint was, and what surgery left of it; null where it is gone. */
export interface SurgeryRow {
  /** `unet`, one of its stages as the paper names them (`E1`, `Mid`, `D1`), `vae`, `text_encoder` or `total`. */
  readonly name: string;
  /** Layers of a stage of the U-Net, such as `RARA`; null for other parts. */
  readonly layers: readonly [before: string | null, after: string | null];
  readonly before: PartReport;
  readonly after: PartReport | null;
}

/** What surgery did to a checkpoint, for one picture of a size and one step of the U-Net. */
export interface SurgeryReport {
  readonly input: InspectedSize;
  readonly rows: readonly SurgeryRow[];
}

/** Compares a checkpoint with what was cut from it. */
export function surgeryReport(
  teacher: PipelineConfigs,
  student: PipelineConfigs,
  size: InspectedSize,
): SurgeryReport {
  const [before, after] = [teacher, student].map((configs) => inspectPipeline(configs, size));
  const rows: SurgeryRow[] = [];
  const row = (name: ComponentName | 'total', was: PartReport, is: PartReport | null): void => {
    rows.push({ name, layers: [null, null], before: was, after: is });
  };
  for (const [name, { total }] of before.components) {
    row(name, total, after.components.get(name)?.total ?? null);
    if (name === 'unet') rows.push(...stageRows(stagesOf(teacher, size), stagesOf(student, size)));
  }
  row('total', before.total, after.total);
  return { input: size, rows };
}

interface Stage {
  readonly layers: string | null;
  readonly part: PartReport;
}

function stageRows(
  before: ReadonlyMap<string, Stage>,
  after: ReadonlyMap<string, Stage>,
): SurgeryRow[] {
  return Array.from(before, ([name, was]): SurgeryRow => {
    const is = after.get(name);
    return {
      name,
      layers: [was.layers, is?.layers ?? null],
      before: was.part,
      after: is?.part ?? null,
    };
  });
}

/** The stages of a U-Net by their names in the paper, in the order in which they run. */
function stagesOf(configs: PipelineConfigs, size: InspectedSize): ReadonlyMap<string, Stage> {
  const { levels } = stagedUnetOf(configs.unet.network);
  const parts = inspectPipeline(configs, size).components.get('unet')?.stages ?? [];
  const stages = parts.map(({ name, ...part }): [string, Stage] => {
    const [, direction, index] = /^(down|up)(\d+)$/.exec(name) ?? [];
    if (direction === 'down') {
      const level = Number(index);
      return [`E${level + 1}`, { layers: stageString(levels[level].down), part }];
    }
    if (direction === 'up') {
      const level = levels.length - 1 - Number(index);
      return [`D${level + 1}`, { layers: stageString(levels[level].up), part }];
    }
    return [name === 'mid' ? 'Mid' : name, { layers: null, part }];
  });
  return new Map(stages);
}
