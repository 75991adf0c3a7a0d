// Fits the pristine model of NIQE to the photographs of a folder; `--scale` takes only those that its
// manifest.json says were reduced by that factor.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { fitNiqeModel, niqeModelToWeights, pristineFeatures } from '../src/image/metrics/niqe.js';
import { readImage } from '../src/image/sharp-node.js';
import { writeSafetensorsFile } from '../src/weights/safetensors-node.js';

const manifestSchema = z.array(z.object({ file: z.string(), scale: z.number() }));

async function listPhotographs(directory: string, scale: string | undefined): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => /\.(jpe?g|png)$/i.test(name)).sort();
  if (scale === undefined) return names;
  const text = await readFile(join(directory, 'manifest.json'), 'utf8');
  const entries = manifestSchema.parse(JSON.parse(text));
  const chosen = new Set(
    entries.filter((entry) => entry.scale === Number(scale)).map(({ file }) => file),
  );
  return names.filter((name) => chosen.has(name));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { scale: { type: 'string' } },
});
const [directory, target] = positionals;
if (directory === undefined || target === undefined) {
  console.error('usage: npx tsx tools/fitNiqe.ts [--scale FACTOR] DIR FILE');
  process.exit(2);
}

const names = await listPhotographs(directory, values.scale);
const blocks: Float64Array[] = [];
for (const name of names) blocks.push(...pristineFeatures(await readImage(join(directory, name))));

const metadata = { photographs: String(names.length), blocks: String(blocks.length) };
await writeSafetensorsFile(target, niqeModelToWeights(fitNiqeModel(blocks)), metadata);
console.log(`${target}: ${blocks.length} blocks of ${names.length} photographs`);
