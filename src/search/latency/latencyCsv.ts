import { ConfigError } from '../../models/index.js';
import { parseLatencyTable, type LatencyDevice, type LatencyTable } from './latencyTable.js';

const required = ['stage', 'option', 'median_ms'] as const;
const optional = ['q1_ms', 'q3_ms', 'runs'] as const;
const columns: readonly string[] = [...required, ...optional];

/**
 * Reads a latency table from comma-separated values: a line of column names (`stage,option,median_ms`, and
 * `q1_ms,q3_ms,runs` if there are any), then a line for each entry. Empty lines and lines with `#` are skipped.
 * @param source what messages call it, such as the path of its file.
 * @throws ConfigError naming the line or the entry that does not fit.
 */
export function parseLatencyCsv(text: string, device: LatencyDevice, source: string): LatencyTable {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, i) => ({ line: line.trim(), place: `${source}: line ${i + 1}` }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  const [first, ...rest] = lines;
  const names = cellsOf(first?.line ?? '');
  checkHeader(names, first?.place ?? source);
  const entries = rest.map(({ line, place }) => entryOf(names, cellsOf(line), place));
  const table = { format: 'nanosd-latency-table', version: 1, device, entries };
  return parseLatencyTable(table, source);
}

function cellsOf(line: string): string[] {
  return line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
}

function checkHeader(names: readonly string[], place: string): void {
  const missing = required.filter((name) => !names.includes(name));
  const unknown = names.filter((name, i) => !columns.includes(name) || names.indexOf(name) !== i);
  if (missing.length === 0 && unknown.length === 0) return;
  throw new ConfigError(
    `${place}: expected the columns ${required.join(',')} and of ${optional.join(',')} any, ` +
      `got ${names.join(',') || 'nothing'}`,
  );
}

function entryOf(
  names: readonly string[],
  cells: readonly string[],
  place: string,
): Record<string, string | number> {
  if (cells.length !== names.length) {
    throw new ConfigError(`${place}: expected ${names.length} cells, got ${cells.length}`);
  }
  const entry = names.flatMap((name, i): [string, string | number][] => {
    const cell = cells[i];
    if (name === 'stage' || name === 'option') return [[name, cell]];
    if (cell === '' && name !== 'median_ms') return [];
    const number = Number(cell);
    if (cell === '' || !Number.isFinite(number)) {
      throw new ConfigError(`${place}: ${name}: expected a number, got "${cell}"`);
    }
    return [[name, number]];
  });
  return Object.fromEntries(entry);
}
