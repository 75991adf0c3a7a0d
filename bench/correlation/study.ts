import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Latency, LatencyDevice } from 'nanosd';

/** A network or a stage option, what it costs by its graph, and what it takes. */
export interface Measured extends Latency {
  readonly name: string;
  readonly parameters: number;
  readonly macs: number;
  readonly activationBytes: number;
  readonly peakBytes: number;
}

/** What was measured of a set. */
export interface Study {
  readonly set: string;
  readonly device: LatencyDevice;
  readonly networks: readonly Measured[];
  readonly parts: readonly Measured[];
}

/** What may tell how long a network takes. */
export const measures = [
  { key: 'parameters', label: 'parameters (millions)', unit: 1e6 },
  { key: 'macs', label: 'GMAC', unit: 1e9 },
  { key: 'activationBytes', label: 'bytes of all activations (MB)', unit: 1e6 },
] as const;

export function studyPath(folder: string, set: string): string {
  return join(folder, `${set}.json`);
}

/** Null where nothing of that set was measured yet. */
export async function readStudy(folder: string, set: string): Promise<Study | null> {
  const text = await readFile(studyPath(folder, set), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Study);
}
