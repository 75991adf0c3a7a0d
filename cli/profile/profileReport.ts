import type { LatencyDevice, LatencyTable, PredictionError, Profile } from '../../src/index.js';
import { formatStages } from '../../src/index.js';
import { formatTable } from '../terminal/table.js';

/** What `nanosd profile` prints. */
export function describeProfile(profile: Profile, output: string, json: boolean): string {
  const { table, networks, check } = profile;
  if (json) {
    const measured = networks.map(({ stages, measuredMs }) => ({
      stages: formatStages(stages),
      measuredMs,
    }));
    return `${JSON.stringify({ table, networks: measured, check }, null, 2)}\n`;
  }
  const lines = [describeTable(table, output)];
  if (check) {
    const { sum, withOffset, offsetMs } = check;
    lines.push(
      `\n${check.networks} whole networks against the sum of their parts:\n`,
      formatTable([
        ['', 'median error', 'bias', 'Spearman'],
        errorRow('sum', sum),
        errorRow(`sum ${offsetMs < 0 ? '-' : '+'} ${Math.abs(offsetMs).toFixed(2)} ms`, withOffset),
      ]),
      'the table holds the offset, which predictions add; its errors are of networks that it was not fitted on\n',
    );
  }
  return lines.join('');
}

function errorRow(
  name: string,
  { medianAbsolutePercent, biasPercent, spearman }: PredictionError,
): string[] {
  const bias = `${biasPercent < 0 ? '' : '+'}${biasPercent.toFixed(1)} %`;
  return [name, `${medianAbsolutePercent.toFixed(1)} %`, bias, spearman.toFixed(3)];
}

/** The entries of a table, and what it was measured on. */
export function describeTable({ entries, device }: LatencyTable, output: string): string {
  const ms = (value: number | undefined): string => value?.toFixed(3) ?? '-';
  const rows = entries.map(({ stage, option, median_ms, q1_ms, q3_ms, runs }) => [
    `${stage} ${option}`,
    ...[median_ms, q1_ms, q3_ms].map(ms),
    String(runs ?? '-'),
  ]);
  const table = formatTable([['', 'median ms', 'quartile 1', 'quartile 3', 'runs'], ...rows]);
  return `${table}${output}: ${entries.length} entries, ${describeDevice(device)}\n`;
}

function describeDevice({ name, processor, threads, precision }: LatencyDevice): string {
  const parts = [
    name,
    processor,
    threads === undefined ? undefined : `${threads} threads`,
    precision,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}
