// Names and shapes of all weights at full size against a case of kind `full_size_tensor_manifests`.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  clipTextIgnoredKeys,
  componentClasses,
  networkParams,
  networkWeights,
  parseNetwork,
  type ComponentName,
  type Network,
} from '../../src/models/index.js';
import { elementCount, type DType } from '../../src/tensor/index.js';
import type { Checkpoint, TensorEntry } from '../../src/weights/index.js';
import type { Check } from './check.js';

const totalSchema = z.object({ tensors: z.int(), parameters: z.int() });
const caseSchema = z.object({
  files: z.array(z.string()),
  totals: z.record(z.enum(['unet', 'vae', 'text_encoder']), totalSchema),
});
const manifestSchema = z.object({
  tensors: z.array(
    z.object({ name: z.string(), shape: z.array(z.int().min(0)), dtype: z.string() }),
  ),
});

export async function checkManifests(directory: string, caseJson: unknown): Promise<Check[]> {
  const { files, totals } = caseSchema.parse(caseJson);
  const checks: Check[] = [];
  for (const [component, total] of Object.entries(totals)) {
    const name = component as ComponentName;
    const network = await readNetwork(directory, name);
    checks.push(...checkTotals(name, network, total));
    for (const file of files.filter((each) => each.startsWith(`${name}_tensors`))) {
      checks.push(await checkManifest(join(directory, file), network, name));
    }
  }
  return checks;
}

async function readNetwork(directory: string, name: ComponentName): Promise<Network> {
  const path = join(directory, 'configs', name, 'config.json');
  return parseNetwork(JSON.parse(await readFile(path, 'utf8')), componentClasses[name], path);
}

/** The buffer that old text encoders store counts as a tensor, though it has no parameters. */
function checkTotals(
  name: ComponentName,
  network: Network,
  total: z.output<typeof totalSchema>,
): Check[] {
  const params = networkParams(network);
  const buffers = name === 'text_encoder' ? clipTextIgnoredKeys.length : 0;
  const parameters = params.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return [
    { name: `${name} parameters`, error: Math.abs(parameters - total.parameters), tolerance: 0 },
    {
      name: `${name} tensors`,
      error: Math.abs(params.length + buffers - total.tensors),
      tolerance: 0,
    },
  ];
}

/** Loading a file with these tensors finds every weight under its name, and nothing besides. */
async function checkManifest(path: string, network: Network, name: string): Promise<Check> {
  const { tensors } = manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const entries = tensors.map(({ name: key, shape, dtype }): [string, TensorEntry] => {
    const type: DType = dtype === 'I64' ? 'int64' : 'float32';
    return [key, { name: key, shape, dtype: type, file: path, offset: 0, byteLength: 0 }];
  });
  const absent = (): never => {
    throw new Error('a manifest has no bytes');
  };
  const file: Checkpoint = {
    entries: new Map(entries),
    metadata: {},
    read: absent,
    readAll: absent,
  };
  networkWeights(network, file, 'diffusers', `${name}.`);
  return { name: `${path.split('/').at(-1)} names and shapes`, error: 0, tolerance: 0 };
}
