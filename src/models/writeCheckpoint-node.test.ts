import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyFiles } from '../../test/checkpoints/tinyFiles.js';
import { openTokenizerFolder } from '../text/tokenizerFolder-node.js';
import { float32, tensor } from '../tensor/index.js';
import { encodeSafetensors } from '../weights/index.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';
import { initCheckpoint } from './initCheckpoint-node.js';
import { openCheckpoint } from './openCheckpoint-node.js';
import { castPipeline, type Precision } from './pipelineToWrite.js';
import { tokenizerWriter, writeCheckpoint, writeLdmFile } from './writeCheckpoint-node.js';

let root: string;
let original: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-write-'));
  original = join(root, 'original');
  await initCheckpoint(original, tinyFiles, { seed: 1 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** The bytes of all files of a folder. */
async function contents(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  const read = async (path: string) =>
    [path.slice(folder.length), await readFile(path)] as [string, Buffer];
  return new Map(await Promise.all(paths.map(read)));
}

async function save(from: string, to: string, precision?: Precision): Promise<string> {
  const path = join(root, to);
  await using checkpoint = await openCheckpoint(from);
  const pipeline = precision ? castPipeline(checkpoint, precision) : checkpoint;
  if (to.endsWith('.safetensors')) await writeLdmFile(path, pipeline);
  else await writeCheckpoint(path, pipeline, tokenizerWriter(checkpoint.tokenizerFolder));
  return path;
}

describe('round trips', () => {
  it('save, load, save: the same bytes', async () => {
    expect(await contents(await save(original, 'again'))).toEqual(await contents(original));
  });

  it('to the original layout and back: the same tensors and configs', async () => {
    const single = await save(original, 'single.safetensors');
    const back = await contents(await save(single, 'back'));
    for (const [path, bytes] of await contents(original)) {
      if (path.startsWith('/tokenizer/') || path === '/model_index.json') continue;
      expect(back.get(path)?.equals(bytes), path).toBe(true);
    }
    const twice = await save(join(root, 'back'), 'twice.safetensors');
    expect((await readFile(twice)).equals(await readFile(single))).toBe(true);
  });

  it('has the attention of the VAE as convolutions in the original layout', async () => {
    const single = await save(original, 'attention.safetensors');
    const { tensors } = await readSafetensorsFile(single);
    const name = 'first_stage_model.decoder.mid.attn_1.proj_out.weight';
    expect(tensors.get(name)?.shape).toEqual([8, 8, 1, 1]);
  });

  it('reads an original file with what training leaves in it', async () => {
    const { tensors, metadata } = await readSafetensorsFile(await save(original, 'a.safetensors'));
    const passengers = new Map([
      ...tensors,
      ['model_ema.decay', float32([], [1])],
      ['model_ema.diffusion_modelinput_blocks00bias', float32([1], [1])],
      ['alphas_cumprod', float32([2], [1, 0])],
      ['sqrt_one_minus_alphas_cumprod', float32([2], [1, 0])],
      ['first_stage_model.loss.logvar', float32([], [0])],
      [
        'cond_stage_model.transformer.text_model.embeddings.position_ids',
        tensor('int64', [1, 2], BigInt64Array.of(0n, 1n)),
      ],
    ]);
    const path = join(root, 'passengers.safetensors');
    await writeFile(path, Buffer.concat([...encodeSafetensors(passengers, metadata)]));
    await using checkpoint = await openCheckpoint(path);
    await using plain = await openCheckpoint(original);
    expect(await checkpoint.unet.weights.readAll()).toEqual(await plain.unet.weights.readAll());
  });
});

describe('what is written', () => {
  it('has what diffusers looks for', async () => {
    const index = JSON.parse(await readFile(join(original, 'model_index.json'), 'utf8')) as object;
    expect(index).toEqual({
      _class_name: 'StableDiffusionPipeline',
      _diffusers_version: '0.30.3',
      feature_extractor: [null, null],
      requires_safety_checker: false,
      safety_checker: [null, null],
      scheduler: ['diffusers', 'PNDMScheduler'],
      text_encoder: ['transformers', 'CLIPTextModel'],
      tokenizer: ['transformers', 'CLIPTokenizer'],
      unet: ['diffusers', 'UNet2DConditionModel'],
      vae: ['diffusers', 'AutoencoderKL'],
    });
    expect([...(await contents(original)).keys()]).toEqual([
      '/model_index.json',
      '/scheduler/scheduler_config.json',
      '/text_encoder/config.json',
      '/text_encoder/model.safetensors',
      '/tokenizer/merges.txt',
      '/tokenizer/special_tokens_map.json',
      '/tokenizer/tokenizer_config.json',
      '/tokenizer/vocab.json',
      '/unet/config.json',
      '/unet/diffusion_pytorch_model.safetensors',
      '/vae/config.json',
      '/vae/diffusion_pytorch_model.safetensors',
    ]);
    const { metadata } = await readSafetensorsFile(
      join(original, 'vae', 'diffusion_pytorch_model.safetensors'),
    );
    expect(metadata).toEqual({ format: 'pt' });
  });

  it('has a vocabulary that every prompt can be read with', async () => {
    const tokenizer = await openTokenizerFolder(join(original, 'tokenizer'));
    expect(tokenizer.vocabularySize).toBe(514);
    const { inputIds } = tokenizer.tokenize('Été, 3 cats');
    expect(inputIds.data.every((id) => id < 514n)).toBe(true);
    expect(inputIds.data.slice(0, 2)).toEqual(BigInt64Array.of(512n, 127n));
  });

  it('is as precise as was asked for', async () => {
    const half = await save(original, 'half', 'float16');
    await using checkpoint = await openCheckpoint(half);
    expect(checkpoint.unet.weights.entries.get('conv_in.weight')?.dtype).toBe('float16');
    expect(checkpoint.textEncoder?.file.torch_dtype).toBe('float16');
  });
});

describe('nothing is half written', () => {
  it('when a weight is not finite', async () => {
    await using checkpoint = await openCheckpoint(original);
    const { weights } = checkpoint.vae;
    const broken = {
      ...weights,
      read: async (name: string) =>
        name === 'quant_conv.bias'
          ? float32([8], [1, NaN, 1, 1, 1, 1, 1, 1])
          : await weights.read(name),
    };
    const pipeline = { ...checkpoint, vae: { ...checkpoint.vae, weights: broken } };
    await expect(writeCheckpoint(join(root, 'nan'), pipeline, null)).rejects.toThrow(
      'quant_conv.bias: 1 NaN and 0 infinite of 8 elements',
    );
    await expect(writeLdmFile(join(root, 'nan.safetensors'), pipeline)).rejects.toThrow('1 NaN');
    expect((await readdir(root)).filter((name) => name.includes('nan'))).toEqual([]);
  });

  it('when it is aborted', async () => {
    const controller = new AbortController();
    let seen = 0;
    const writing = initCheckpoint(join(root, 'aborted'), tinyFiles, {
      seed: 1,
      signal: controller.signal,
      onProgress: ({ doneBytes, totalBytes }) => {
        seen = doneBytes / totalBytes;
        if (seen > 0.5) controller.abort(new Error('enough'));
      },
    });
    await expect(writing).rejects.toThrow('enough');
    expect(seen).toBeLessThan(1);
    expect((await readdir(root)).filter((name) => name.includes('aborted'))).toEqual([]);
  });

  it('over what is already there, unless that was asked for', async () => {
    const path = join(root, 'kept');
    await initCheckpoint(path, tinyFiles, { seed: 1 });
    await expect(initCheckpoint(path, tinyFiles, { seed: 2 })).rejects.toThrow('got one that is');
    await initCheckpoint(path, tinyFiles, { seed: 2, overwrite: true });
    await using checkpoint = await openCheckpoint(path);
    await using first = await openCheckpoint(original);
    const name = 'conv_in.weight';
    expect(await checkpoint.unet.weights.read(name)).not.toEqual(
      await first.unet.weights.read(name),
    );
    const single = await save(original, 'kept.safetensors');
    await expect(writeLdmFile(single, first)).rejects.toThrow('expected no such file yet');
    await writeLdmFile(single, first, { overwrite: true });
  });
});
