import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Image } from '../../image/index.js';
import { writeImage } from '../../image/sharp-node.js';
import { ConfigError } from '../../models/index.js';
import { readConfigFile } from '../../models/modelFiles-node.js';
import { replaceFile } from '../../weights/replace-file-node.js';
import { makeFolder } from '../../weights/makeFolder-node.js';
import type { FamilyReport } from './familyReport.js';
import { familyReportHtml } from './reportHtml.js';

export const reportFileName = 'report.json';
const pageFileName = 'report.html';
const samplesFolder = 'samples';

/**
 * Writes `report.json`, and `report.html` with the pictures that it names, which lie in the folder.
 * @throws WeightsError when the system refuses; ConfigError for a picture that is not there.
 */
export async function writeFamilyReport(folder: string, report: FamilyReport): Promise<void> {
  const paths = picturesOf(report);
  const urls = new Map<string, string>();
  for (const path of paths) urls.set(path, await dataUrl(folder, path));
  const page = familyReportHtml(report, (path) => urls.get(path) ?? '');
  await writeText(join(folder, reportFileName), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeText(join(folder, pageFileName), page);
}

/**
 * Reads the `report.json` that `writeFamilyReport` wrote, to add to it.
 * @throws ModelError or ConfigError when it is none.
 */
export async function readFamilyReport(folder: string): Promise<FamilyReport> {
  const path = join(folder, reportFileName);
  const file = await readConfigFile(path);
  if (file.format === 'nanosd-family-report' && file.version === 1) {
    // Nobody but this program writes it.
    return file as object as FamilyReport;
  }
  throw new ConfigError(
    `${path}: expected the report of a family (nanosd-family-report, version 1)`,
  );
}

/** Writes pictures below the folder of a report, and returns what it calls them. */
export async function writeSamples(
  folder: string,
  name: string,
  pictures: readonly Image[],
): Promise<string[]> {
  await makeFolder(join(folder, samplesFolder));
  const paths = pictures.map((_, i) => `${samplesFolder}/${name}-${i}.webp`);
  for (const [i, path] of paths.entries()) await writeImage(join(folder, path), pictures[i]);
  return paths;
}

/** Writes a text so that the file is there whole or as it was. */
export async function writeText(path: string, text: string): Promise<void> {
  await replaceFile(path, [new TextEncoder().encode(text)]);
}

function picturesOf({ teacher, points }: FamilyReport): readonly string[] {
  return [
    ...(teacher.samples ?? []),
    ...points.flatMap(({ samples }) => [
      ...(samples?.assembled ?? []),
      ...(samples?.aligned ?? []),
    ]),
  ];
}

async function dataUrl(folder: string, path: string): Promise<string> {
  const bytes = await readFile(join(folder, path)).catch((error: unknown) => {
    throw new ConfigError(`${join(folder, path)}: expected a picture of the report, got none`, {
      cause: error,
    });
  });
  return `data:image/${extname(path).slice(1)};base64,${bytes.toString('base64')}`;
}
