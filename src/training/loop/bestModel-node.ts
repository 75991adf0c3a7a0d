import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configFileName, weightsFileName } from '../../models/modelFolder-node.js';
import type { Weights } from '../../tensor/index.js';
import { parseJson } from '../../weights/parseJson.js';
import { replaceFile } from '../../weights/replace-file-node.js';
import { writeSafetensorsFile } from '../../weights/safetensors-node.js';
import type { ModelFile } from '../objectives/objective.js';
import { makeFolder } from '../../weights/makeFolder-node.js';
import { meanScore, type ValidationReport } from '../validation/validation.js';

const reportFileName = 'metrics.json';

/**
 * Writes a model as others load it: `config.json` and `diffusion_pytorch_model.safetensors`.
 * @throws WeightsError when the system refuses.
 */
export async function writeModelFolder(
  folder: string,
  model: ModelFile,
  weights: Weights,
): Promise<void> {
  await makeFolder(folder);
  await writeSafetensorsFile(join(folder, weightsFileName), weights, { format: 'pt' });
  await writeJson(join(folder, configFileName), model);
}

/** Keeps a model whose score is above that of the one in the folder; says whether it did. */
export async function keepIfBetter(
  folder: string,
  model: ModelFile,
  weights: Weights,
  report: ValidationReport,
): Promise<boolean> {
  const best = await readBestReport(folder);
  if (best && meanScore(best) >= meanScore(report)) return false;
  await writeModelFolder(folder, model, weights);
  // Last, so that a score never stands beside weights that are not its own.
  await writeJson(join(folder, reportFileName), report);
  return true;
}

/**
 * What the kept model scored; null where none was kept.
 * @throws WeightsError when it cannot be told.
 */
export async function readBestReport(folder: string): Promise<ValidationReport | null> {
  const path = join(folder, reportFileName);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  return parseJson(text, path) as ValidationReport;
}

async function writeJson(path: string, value: object): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  await replaceFile(path, [new TextEncoder().encode(text)]);
}
