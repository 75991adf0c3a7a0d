import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyFiles } from '../../test/checkpoints/tinyFiles.js';
import { torchFile } from '../../test/checkpoints/torchFile.js';
import { createNodeExecutor } from '../runtime/ort-node.js';
import { float32, Random, tensor, toFloat32, type Tensor } from '../tensor/index.js';
import { encodeSafetensors } from '../weights/index.js';
import { readSafetensorsFile, writeSafetensorsFile } from '../weights/safetensors-node.js';
import { initCheckpoint } from './initCheckpoint-node.js';
import { nanosdUnet } from './nanosdUnet.js';
import { stagedUnetOf } from './network.js';
import { openCheckpoint, readCheckpointConfigs } from './openCheckpoint-node.js';
import { writeCheckpoint, writeLdmFile } from './writeCheckpoint-node.js';

const stem = 'diffusion_pytorch_model';
let root: string;
let original: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-checkpoint-'));
  original = join(root, 'original');
  await initCheckpoint(original, tinyFiles, { seed: 1 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

let copies = 0;
/** A copy of the checkpoint to be changed. */
async function copy(change: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(root, `copy${copies++}`);
  await cp(original, folder, { recursive: true });
  await change(folder);
  return folder;
}

async function changeJson(path: string, changes: object): Promise<void> {
  const file = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...file, ...changes }));
}

const changeUnet = (changes: object) => (folder: string) =>
  changeJson(join(folder, 'unet', 'config.json'), changes);
const changeIndex = (changes: object) => (folder: string) =>
  changeJson(join(folder, 'model_index.json'), changes);

describe('a folder of diffusers', () => {
  it('gives the networks, their weights and where the vocabulary is', async () => {
    await using checkpoint = await openCheckpoint(original);
    expect(checkpoint).toMatchObject({ name: 'original', layout: 'diffusers' });
    expect(checkpoint.tokenizerFolder).toBe(join(original, 'tokenizer'));
    expect(stagedUnetOf(checkpoint.unet.network).levels).toMatchObject([
      { channels: 8 },
      { channels: 16 },
    ]);
    expect(checkpoint.vae.network.className).toBe('AutoencoderKL');
    expect(checkpoint.textEncoder?.network.config.hiddenSize).toBe(12);
    const { tensors } = await readSafetensorsFile(join(original, 'unet', `${stem}.safetensors`));
    expect(await checkpoint.unet.weights.readAll()).toEqual(tensors);
  });

  it('may be sharded', async () => {
    const folder = await copy(async (path) => {
      const whole = join(path, 'unet', `${stem}.safetensors`);
      const { tensors } = await readSafetensorsFile(whole);
      const parts = [0, 1].map((odd) => new Map([...tensors].filter((_, i) => i % 2 === odd)));
      const weightMap: Record<string, string> = {};
      for (const [i, part] of parts.entries()) {
        const name = `${stem}-0000${i + 1}-of-00002.safetensors`;
        await writeSafetensorsFile(join(path, 'unet', name), part);
        for (const key of part.keys()) weightMap[key] = name;
      }
      await rm(whole);
      await writeFile(`${whole}.index.json`, JSON.stringify({ weight_map: weightMap }));
    });
    await using sharded = await openCheckpoint(folder);
    await using whole = await openCheckpoint(original);
    expect([...sharded.unet.weights.entries.keys()]).toEqual([...whole.unet.weights.entries.keys()]);
    const name = 'up_blocks.1.attentions.2.proj_out.weight';
    expect(await sharded.unet.weights.read(name)).toEqual(await whole.unet.weights.read(name));
    await rm(join(folder, 'unet', `${stem}-00002-of-00002.safetensors`));
    await expect(openCheckpoint(folder)).rejects.toThrow(
      `1 of 2 shards are missing: ${stem}-00002-of-00002.safetensors`,
    );
  });

  it('may hold several variants of its weights', async () => {
    const folder = await copy(async (path) => {
      const half = join(root, 'half');
      await initCheckpoint(half, tinyFiles, { seed: 1, precision: 'float16' });
      for (const [component, name] of [
        ['unet', stem],
        ['vae', stem],
        ['text_encoder', 'model'],
      ]) {
        const from = join(half, component, `${name}.safetensors`);
        await cp(from, join(path, component, `${name}.fp16.safetensors`));
      }
    });
    const dtypeOf = async (variant?: string): Promise<string | undefined> => {
      await using checkpoint = await openCheckpoint(folder, variant ? { variant } : {});
      return checkpoint.vae.weights.entries.get('quant_conv.weight')?.dtype;
    };
    expect(await dtypeOf()).toBe('float32');
    expect(await dtypeOf('fp16')).toBe('float16');
    await expect(dtypeOf('int8')).rejects.toThrow(
      `expected ${stem}.int8.safetensors or its index, got ${stem}.fp16.safetensors, ${stem}.safetensors`,
    );
    for (const component of ['unet', 'vae']) {
      await rm(join(folder, component, `${stem}.safetensors`));
    }
    expect(await dtypeOf()).toBe('float16');
  });

  it('may hold weights that torch has saved, which run in place as others do', async () => {
    const folder = await copy(async (path) => {
      const weights = join(path, 'unet', `${stem}.safetensors`);
      const { tensors } = await readSafetensorsFile(weights);
      await rm(weights);
      await writeFile(join(path, 'unet', `${stem}.bin`), torchFile(tensors, 'state_dict'));
    });
    expect(await runUnet(folder)).toEqual(await runUnet(original));
  });

  it('tells what it passes over, whatever its scheduler', async () => {
    const folder = await copy(async (path) => {
      const scheduler = join(path, 'scheduler', 'scheduler_config.json');
      const file = { _class_name: 'KDPM2DiscreteScheduler', beta_schedule: 'scaled_linear' };
      const json = JSON.stringify({ ...file, flow_shift: 1 });
      await writeFile(scheduler, json.replace('}', ', "lambda_min_clipped": -Infinity}'));
    });
    await using checkpoint = await openCheckpoint(folder);
    expect(checkpoint.notices).toEqual([
      'KDPM2DiscreteScheduler is not one of our schedulers: generate asks for --scheduler',
      "ignored of the scheduler's config: flow_shift",
    ]);
    expect(checkpoint.schedulerFile).toMatchObject({ lambda_min_clipped: -Infinity });
    const again = join(root, `again${copies++}`);
    await writeCheckpoint(again, checkpoint, null);
    const text = await readFile(join(again, 'scheduler', 'scheduler_config.json'), 'utf8');
    expect(text).toContain('"lambda_min_clipped": -Infinity');
  });

  it('of an inpainting model keeps its class', async () => {
    const folder = join(root, 'inpainting');
    const files = { ...tinyFiles, unet: { ...tinyFiles.unet, in_channels: 9 } };
    await initCheckpoint(folder, files, { seed: 1 });
    const index = JSON.parse(await readFile(join(folder, 'model_index.json'), 'utf8')) as object;
    expect(index).toMatchObject({ _class_name: 'StableDiffusionInpaintPipeline' });
    const { notices } = await readCheckpointConfigs(folder);
    expect(notices).toEqual(['an inpainting model: its U-Net takes 9 channels']);
  });

  it('may read no text', async () => {
    const folder = await copy(async (path) => {
      await changeIndex({ text_encoder: [null, null], tokenizer: [null, null] })(path);
      await rm(join(path, 'text_encoder'), { recursive: true });
      await rm(join(path, 'tokenizer'), { recursive: true });
    });
    await using checkpoint = await openCheckpoint(folder);
    expect(checkpoint).toMatchObject({ textEncoder: null, tokenizerFolder: null });
  });

  it('need not have weights for its configs to be read', async () => {
    const folder = await copy(async (path) => {
      for (const component of ['unet', 'vae']) {
        await rm(join(path, component, `${stem}.safetensors`));
      }
      await rm(join(path, 'text_encoder', 'model.safetensors'));
    });
    expect(await readCheckpointConfigs(folder)).toMatchObject({ hasWeights: false });
    expect(await readCheckpointConfigs(original)).toMatchObject({ hasWeights: true });
    await expect(openCheckpoint(folder)).rejects.toThrow(
      `unet: expected ${stem}.safetensors or its index, got none`,
    );
  });

  it('runs with its weights in place, stored in whatever precision and under old names', async () => {
    const folder = join(root, 'stored-half');
    await initCheckpoint(folder, tinyFiles, { seed: 1, precision: 'float16' });
    const single = join(root, 'single.safetensors');
    {
      await using checkpoint = await openCheckpoint(folder);
      await writeLdmFile(single, checkpoint);
    }
    const outputs = await Promise.all([folder, single].map(runUnet));
    expect(outputs[1]).toEqual(outputs[0]);
    const exact = toFloat32(await runUnet(original));
    toFloat32(outputs[0]).forEach((x, i) => expect(x).toBeCloseTo(exact[i], 2));
  });
});

async function runUnet(path: string): Promise<Tensor> {
  await using checkpoint = await openCheckpoint(path);
  const { network, weights } = checkpoint.unet;
  const size = { batch: 1, height: 8, width: 8, contextTokens: 4 };
  await using session = await createNodeExecutor({ threads: 1 }).loadMapped(
    nanosdUnet(stagedUnetOf(network), size),
    weights,
  );
  const random = Random.seeded(2);
  const outputs = await session.run({
    sample: tensor('float32', [1, 4, 8, 8], random.normals(256)),
    timestep: tensor('float32', [1], Float32Array.of(321)),
    encoder_hidden_states: tensor('float32', [1, 4, 12], random.normals(48)),
  });
  return outputs.out_sample;
}

describe('what is refused', () => {
  const supported = /expected a Stable Diffusion 1\.x checkpoint \(.*\), got /.source;

  it.each<[what: string, change: (folder: string) => Promise<unknown>, says: RegExp]>([
    [
      'missing folders, all at once',
      (path) =>
        Promise.all(['vae', 'tokenizer'].map((name) => rm(join(path, name), { recursive: true }))),
      /expected unet\/config\.json, .*, got no vae\/config\.json, tokenizer$/,
    ],
    [
      'an SDXL pipeline',
      changeIndex({ _class_name: 'StableDiffusionXLPipeline' }),
      new RegExp(`copy\\d+: ${supported}Stable Diffusion XL$`),
    ],
    [
      'a pipeline of a diffusion transformer',
      changeIndex({ _class_name: 'SanaPipeline', transformer: ['diffusers', 'Sana'] }),
      new RegExp(`${supported}a diffusion transformer \\(SanaPipeline\\)$`),
    ],
    [
      'an SD 2 U-Net',
      changeUnet({ cross_attention_dim: 1024, use_linear_projection: true }),
      new RegExp(`config\\.json: ${supported}Stable Diffusion 2$`),
    ],
    [
      'an SDXL U-Net',
      changeUnet({ cross_attention_dim: 2048, addition_embed_type: 'text_time' }),
      new RegExp(`config\\.json: ${supported}Stable Diffusion XL$`),
    ],
    [
      'unknown keys, in whatever file',
      async (path) => {
        await changeUnet({ fancy: 1 })(path);
        await changeJson(join(path, 'vae', 'config.json'), { act_fn: 'relu' });
        await changeJson(join(path, 'scheduler', 'scheduler_config.json'), { odd: 1 });
      },
      /unet\/config\.json: fancy: no such key\n.*vae\/config\.json: act_fn: .*\n.*scheduler_config\.json: odd: no such key/,
    ],
    [
      'a text encoder of another width',
      (path) => changeJson(join(path, 'text_encoder', 'config.json'), { hidden_size: 24 }),
      /text_encoder\/config\.json: expected hidden_size 12 \(cross_attention_dim of the U-Net\), got 24/,
    ],
    [
      'a wrong shape',
      changeUnet({ layers_per_block: 1 }),
      /unet\/diffusion_pytorch_model\.safetensors: .*\n.*unexpected:\n {2}unet\.down_blocks\.0\.resnets\.1/,
    ],
    [
      'a truncated file',
      (path) => truncate(join(path, 'vae', `${stem}.safetensors`), 8000),
      /vae\/diffusion_pytorch_model\.safetensors: .*truncated/,
    ],
    [
      'a model_index.json that is none',
      (path) => writeFile(join(path, 'model_index.json'), '[]'),
      /model_index\.json: expected a JSON object/,
    ],
  ])('%s', async (_, change, says) => {
    await expect(openCheckpoint(await copy(change))).rejects.toThrow(says);
  });

  it.each([
    ['conditioner.embedders.0.transformer.text_model.final_layer_norm.weight', 'Stable Diffusion XL'],
    ['cond_stage_model.model.ln_final.weight', 'Stable Diffusion 2'],
    ['model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight', 'Stable Diffusion 3'],
    ['double_blocks.0.img_attn.proj.weight', 'Flux'],
    ['lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight', 'a LoRA'],
    ['control_model.input_hint_block.0.weight', 'a ControlNet'],
    ['fancy.weight', 'a file without a U-Net and a VAE, whose weights begin with "fancy.weight"'],
  ])('a single file with %s', async (name, family) => {
    const path = join(root, `family${copies++}.safetensors`);
    await writeFile(
      path,
      Buffer.concat([...encodeSafetensors(new Map([[name, float32([1], [1])]]))]),
    );
    await expect(openCheckpoint(path)).rejects.toThrow(new RegExp(`${supported}${family}`));
  });

  it('what is no checkpoint', async () => {
    await expect(openCheckpoint(join(root, 'gone'))).rejects.toThrow(
      'gone: expected a folder with a model_index.json, or a .safetensors or .ckpt file, got neither',
    );
    const cut = join(root, 'model.ckpt');
    await writeFile(cut, 'PK\u0003\u0004');
    await expect(openCheckpoint(cut)).rejects.toThrow(/model\.ckpt: .*zip archive/);
    const evil = join(root, 'evil.ckpt');
    await writeFile(evil, Buffer.from('\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.', 'latin1'));
    await expect(openCheckpoint(evil)).rejects.toThrow(/evil\.ckpt: .* asks for os\.system: refused/);
    const cache = join(root, 'models--a--b');
    await cp(original, join(cache, 'snapshots', '0a1b'), { recursive: true });
    await expect(openCheckpoint(cache)).rejects.toThrow(/point at .*snapshots.0a1b/);
    await mkdir(join(root, 'empty'));
    await expect(openCheckpoint(join(root, 'empty'))).rejects.toThrow('got neither');
  });
});
