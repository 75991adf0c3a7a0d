import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrainingConfig } from './trainingConfig.js';

let folder: string;

beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'nanosd-config-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = `
model: { _class_name: OneStepRestorer, scale: 2, base_channels: 8, encoder_layers: 1,
  decoder_layers: 1, block_out_channels: [8], layers_per_block: [1] }
output_dir: ../run
initial_weights: start.safetensors
data: { photos: [photos, /elsewhere], sample_size: 16, degradation: { kind: bicubic, scale: 2 } }
batch_size: 4
steps: 20
learning_rate: 1.0e-3
validation: { every_steps: 5, sets: { set5: { hr: pairs/hr, lr: pairs/lr } } }
`;

describe('readTrainingConfig', () => {
  it('takes paths to be relative to the file', async () => {
    const path = join(folder, 'config.yaml');
    await writeFile(path, text);
    const read = await readTrainingConfig(path);
    expect(read.text).toBe(text);
    expect(read.config).toMatchObject({
      output_dir: resolve(folder, '../run'),
      initial_weights: join(folder, 'start.safetensors'),
      data: { photos: [join(folder, 'photos'), resolve('/elsewhere')] },
      validation: {
        sets: { set5: { hr: join(folder, 'pairs/hr'), lr: join(folder, 'pairs/lr') } },
      },
    });
  });

  it('names a file that is missing or no YAML', async () => {
    const path = join(folder, 'other.yaml');
    await expect(readTrainingConfig(path)).rejects.toThrow(`${path}: expected a YAML file (ENOENT`);
    await writeFile(path, 'a: [1\nb: }');
    await expect(readTrainingConfig(path)).rejects.toThrow(/other\.yaml: .* at line \d+/);
  });

  it('reads the configs of the repository', async () => {
    const configs = fileURLToPath(new URL('../../configs/', import.meta.url));
    const files = (await readdir(configs)).filter((name) => !name.endsWith('-pipeline.yaml'));
    expect(files).toContain('sr-x4.yaml');
    for (const name of files) {
      await expect(readTrainingConfig(join(configs, name)), name).resolves.toBeDefined();
    }
  });
});
