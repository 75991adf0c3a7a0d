import { createHash } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configFileName, weightsFileName } from '../models/modelFolder-node.js';
import { nanosdUnetFile } from '../models/index.js';
import type { StagedUnetConfig } from '../models/index.js';
import { changedKeys, type RunIdentity } from '../training/index.js';
import type { Weights } from '../tensor/index.js';
import { replaceFolder } from '../weights/replace-folder-node.js';
import { writeSafetensorsFile } from '../weights/safetensors-node.js';
import { surrogateName, type Surrogate } from './surrogate.js';
import type { SurrogateReport } from './surrogateReport.js';

const reportFileName = 'report.json';

/** Where a surrogate's things lie below a folder of surrogates. */
export interface SurrogatePlaces {
  /** The finished surrogate: `config.json`, weights and `report.json`. */
  readonly result: string;
  /** What it takes to go on with one that is not finished: gone when it is. */
  readonly work: string;
  readonly checkpoints: string;
  readonly metrics: string;
}

export function surrogatePlaces(folder: string, surrogate: Surrogate): SurrogatePlaces {
  const name = surrogateName(surrogate);
  const work = join(folder, '.work', name);
  return {
    result: join(folder, name),
    work,
    checkpoints: join(work, 'checkpoints'),
    metrics: join(work, 'metrics.jsonl'),
  };
}

/** Distinguishes runs, in few characters. */
export function identityHash(identity: RunIdentity): string {
  const entries = Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 16);
}

/** The report of a surrogate that is finished; null where there is none, or one of another run. */
export async function readSurrogateReport(
  folder: string,
  surrogate: Surrogate,
  identity: RunIdentity,
): Promise<SurrogateReport | null> {
  const { result } = surrogatePlaces(folder, surrogate);
  const text = await readFile(join(result, reportFileName), 'utf8').catch(() => null);
  const weights = await stat(join(result, weightsFileName)).catch(() => null);
  if (text === null || weights === null) return null;
  try {
    const report = JSON.parse(text) as SurrogateReport;
    return changedKeys(report.identity, identity).length === 0 ? report : null;
  } catch {
    return null;
  }
}

/**
 * Writes a finished surrogate, whole or not at all, in place of what is there, and removes its checkpoints.
 * @param unet the student that has the surrogate's option in its stage.
 * @throws WeightsError when the system refuses.
 */
export async function writeSurrogate(
  folder: string,
  unet: StagedUnetConfig,
  weights: Weights,
  report: SurrogateReport,
): Promise<void> {
  const { stage, option } = report;
  const { result, work } = surrogatePlaces(folder, report);
  const config = { _class_name: 'NanoSDSurrogate', stage, option, unet: nanosdUnetFile(unet) };
  await replaceFolder(
    result,
    async (partial) => {
      await writeSafetensorsFile(join(partial, weightsFileName), weights, { format: 'pt' });
      await writeFile(join(partial, configFileName), json(config));
      await writeFile(join(partial, reportFileName), json(report));
    },
    { replaces: reportFileName },
  );
  await rm(work, { recursive: true, force: true });
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
