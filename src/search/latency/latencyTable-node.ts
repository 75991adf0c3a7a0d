import { readJsonFile } from '../../models/modelFiles-node.js';
import { replaceFile } from '../../weights/replace-file-node.js';
import { parseLatencyTable, type LatencyTable } from './latencyTable.js';

/**
 * Reads a latency table (`latency.json`).
 * @throws ModelError when it cannot be read or is no JSON; ConfigError naming everything in it that does not fit.
 */
export async function readLatencyTable(path: string): Promise<LatencyTable> {
  return parseLatencyTable(await readJsonFile(path), path);
}

/**
 * Writes a latency table, whole or not at all.
 * @throws WeightsError when the system refuses.
 */
export async function writeLatencyTable(path: string, table: LatencyTable): Promise<void> {
  const text = `${JSON.stringify(table, null, 2)}\n`;
  await replaceFile(path, [new TextEncoder().encode(text)]);
}
