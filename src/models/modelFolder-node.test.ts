import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random, tensor, type Tensor } from '../tensor/index.js';
import { initializeRestorer } from '../training/objectives/initialize.js';
import { castWeights } from '../weights/index.js';
import { writeSafetensorsFile } from '../weights/safetensors-node.js';
import {
  listModels,
  ModelError,
  openRestorerFolder,
  readRestorerWeights,
} from './modelFolder-node.js';
import { ConfigError } from './parseConfig.js';
import { restorer } from './restorer.js';
import { restorerConfig, restorerConfigSchema } from './restorerConfig.js';

const config = {
  _class_name: 'OneStepRestorer',
  scale: 2,
  base_channels: 4,
  encoder_layers: 0,
  decoder_layers: 0,
  block_out_channels: [],
  layers_per_block: [],
};
const network = restorer(restorerConfig(restorerConfigSchema.parse(config)), {
  batch: 1,
  height: 4,
  width: 4,
});
const weights = initializeRestorer(network, Random.seeded(5));

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-model-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function modelFolder(
  name: string,
  json: string,
  stored: ReadonlyMap<string, Tensor> = weights,
): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  await writeFile(join(folder, 'config.json'), json);
  await writeSafetensorsFile(join(folder, 'diffusion_pytorch_model.safetensors'), stored);
  return folder;
}

describe('a model folder', () => {
  it('is opened by its path, with weights in float32 however they are stored', async () => {
    const half = castWeights(weights, 'float16');
    const path = await modelFolder('half', JSON.stringify(config), half);
    const folder = await openRestorerFolder(path);
    expect(folder).toMatchObject({ name: 'half', path, task: 'sr', config: { scale: 2 } });
    const read = await readRestorerWeights(folder);
    expect(read).toEqual(castWeights(half, 'float32'));
  });

  it('that is unknown is reported with the names there are', async () => {
    const attempt = openRestorerFolder('no-such-model');
    await expect(attempt).rejects.toThrow(ModelError);
    const names = await listModels();
    const known = names.length > 0 ? ` or one of ${names.join(', ')}` : '';
    await expect(attempt).rejects.toThrow(
      `no-such-model: expected a folder with a config.json${known}, got neither`,
    );
    expect(names).not.toContain('niqe');
  });

  it('with a config that is no JSON, or of another kind, is refused', async () => {
    const noJson = await modelFolder('no-json', '{ "scale": 2');
    await expect(openRestorerFolder(noJson)).rejects.toThrow(/no-json\/config\.json: expected JSON/);
    const other = await modelFolder('other', JSON.stringify({ ...config, scale: 'four' }));
    await expect(openRestorerFolder(other)).rejects.toThrow(ConfigError);
    await expect(openRestorerFolder(other)).rejects.toThrow(/other\/config\.json: scale: /);
  });

  it('whose weights do not fit the config, or are no numbers, is refused by name', async () => {
    const wider = await modelFolder('wider', JSON.stringify({ ...config, base_channels: 8 }));
    await expect(openRestorerFolder(wider).then(readRestorerWeights)).rejects.toThrow(
      /wider\/diffusion_pytorch_model\.safetensors: expected \d+ weights, .*\n.*misshapen/,
    );
    const broken = new Map<string, Tensor>(weights);
    broken.set('encoder.conv_in.bias', tensor('float32', [4], Float32Array.of(0, NaN, 0, 0)));
    const nan = await modelFolder('nan', JSON.stringify(config), broken);
    await expect(openRestorerFolder(nan).then(readRestorerWeights)).rejects.toThrow(
      /nan\/.*expected finite weights[^]*encoder\.conv_in\.bias: 1 NaN/,
    );
  });
});
