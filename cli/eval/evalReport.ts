import { meanScores, type TimedScores } from '../../src/index.js';
import { formatTable } from '../terminal/table.js';

export interface NamedScores extends TimedScores {
  readonly name: string;
}

/** What a method reached on each picture. */
export interface MethodReport {
  readonly name: string;
  /** Of models with two sets of weights. */
  readonly fidelity?: number;
  readonly images: readonly NamedScores[];
}

/** Scores without a value (NIQE of small pictures, PSNR of equal ones) are null. */
export function formatJson(report: MethodReport, baseline: MethodReport | undefined): string {
  const told = ({ name, fidelity, images }: MethodReport) => ({
    method: name,
    ...(fidelity !== undefined && { fidelity }),
    mean: meanScores(images),
    images,
  });
  const json = { ...told(report), ...(baseline && { baseline: told(baseline) }) };
  return `${JSON.stringify(json, null, 2)}\n`;
}

interface Column {
  readonly key: keyof TimedScores;
  readonly title: string;
  readonly digits: number;
}

const columns: readonly Column[] = [
  { key: 'psnrY', title: 'PSNR-Y', digits: 2 },
  { key: 'ssimY', title: 'SSIM-Y', digits: 4 },
  { key: 'psnrRgb', title: 'PSNR-RGB', digits: 2 },
  { key: 'niqe', title: 'NIQE', digits: 2 },
  { key: 'sqz', title: 'SQZ', digits: 3 },
  { key: 'ms', title: 'ms', digits: 1 },
];

/** A row for each picture, the mean, and the mean of what it is compared with. */
export function formatScores(report: MethodReport, baseline: MethodReport | undefined): string {
  const means = [
    { name: 'mean', ...meanScores(report.images) },
    ...(baseline ? [{ name: baseline.name, ...meanScores(baseline.images) }] : []),
  ];
  const shown = columns.filter(
    ({ key }) => key !== 'sqz' || report.images.some(({ sqz }) => !Number.isNaN(sqz)),
  );
  const rows = [...report.images, ...means].map((scores) => [
    scores.name,
    ...shown.map(({ key, digits }) => formatScore(scores[key], digits)),
  ]);
  return formatTable([['', ...shown.map(({ title }) => title)], ...rows]);
}

function formatScore(score: number, digits: number): string {
  return Number.isNaN(score) ? '-' : score.toFixed(digits);
}
