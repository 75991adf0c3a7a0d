import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { float32 } from '../../src/tensor/index.js';
import { openSafetensorsFile, writeSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';
import { nanosd, startNanosd } from './nanosd.js';

const weights = join('unet', 'diffusion_pytorch_model.safetensors');
let cwd: string;
// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-checkpoints-'));
  await initCheckpoint(join(cwd, 'tiny'), tinyFiles, { seed: 1 });
  await nanosd(cwd, '--version');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function copy(name: string, change: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(cwd, name);
  await cp(join(cwd, 'tiny'), folder, { recursive: true });
  await change(folder);
  return name;
}

describe('nanosd init', () => {
  it('writes the same checkpoint for the same seed', async () => {
    for (const output of ['one', 'two']) {
      const { code, stderr } = await nanosd(cwd, 'init', 'sd-mini', '--seed', '5', '-o', output);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
    const [one, two] = await Promise.all(
      ['one', 'two'].map((folder) => readFile(join(cwd, folder, weights))),
    );
    expect(one.equals(two)).toBe(true);
    const again = await nanosd(cwd, 'init', 'sd-mini', '-o', 'one');
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/^nanosd: one: expected no folder yet, got .*\n$/);
    const half = await nanosd(
      cwd,
      ...['init', 'sd-mini', '-o', 'one', '--precision', 'fp16', '--overwrite'],
    );
    expect(half).toMatchObject({ code: 0, stderr: '' });
    expect(one.length).toBeGreaterThan(1.9 * (await readFile(join(cwd, 'one', weights))).length);
  });

  it('leaves nothing when it is interrupted', async () => {
    const { process: child, ended } = startNanosd(cwd, ['init', 'bk-sdm-tiny', '-o', 'large']);
    const begun = async (): Promise<boolean> => (await readdir(cwd)).includes('.large.partial');
    while (!(await begun())) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stderr: 'nanosd: interrupted\n' });
    expect((await readdir(cwd)).filter((name) => name.includes('large'))).toEqual([]);
  });
});

interface Part {
  readonly parameters: number;
  readonly tensors: number;
  readonly gmac: number;
}

describe('nanosd inspect', () => {
  it('tells what each component of a checkpoint holds, in this shape exactly', async () => {
    const { stdout } = await nanosd(cwd, 'inspect', 'tiny', '--json');
    const { input, activationPeakBytes, notices, ...components } = JSON.parse(stdout) as Record<
      string,
      object
    >;
    expect(input).toEqual({ width: 16, height: 16 });
    expect(notices).toEqual([]);
    expect(Object.keys(activationPeakBytes)).toEqual(['text_encoder', 'unet', 'vae']);
    expect(Object.keys(components)).toEqual(['text_encoder', 'unet', 'vae']);
    for (const component of Object.values(components)) {
      expect(Object.keys(component)).toEqual(['total', 'stages']);
      const { total, stages } = component as { total: Part; stages: (Part & { name: string })[] };
      expect(Object.keys(total)).toEqual(['parameters', 'tensors', 'gmac']);
      for (const key of ['parameters', 'tensors', 'gmac'] as const) {
        const sum = stages.reduce((all, stage) => all + stage[key], 0);
        expect(total[key]).toBeCloseTo(sum, 9);
      }
    }
    await using file = await openSafetensorsFile(join(cwd, 'tiny', weights));
    expect(components.unet).toMatchObject({ total: { tensors: file.entries.size } });
  });

  it('prints a table, of a component alone too', async () => {
    const { code, stdout, stderr } = await nanosd(
      cwd,
      'inspect',
      'tiny',
      '--size',
      '32x16',
      '--check',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const names = stdout.split('\n').map((line) => line.slice(0, 14).trimEnd());
    expect(names.slice(1, -3)).toEqual([
      ...[
        'text_encoder',
        'unet',
        '  conv_in+time',
        '  down0',
        '  down1',
        '  mid',
        '  up0',
        '  up1',
      ],
      ...['  out', 'vae', '  encoder', '  decoder', 'total'],
    ]);
    expect(stdout).toContain('for a picture of 32x16, and one step of the U-Net\n');
    const alone = await nanosd(cwd, 'inspect', join('tiny', 'vae'), '--json');
    expect(JSON.parse(alone.stdout)).toMatchObject({
      stages: [{ name: 'encoder' }, { name: 'decoder' }],
    });
  });

  it('needs no weights', async () => {
    await copy('bare', async (folder) => {
      await rm(join(folder, weights));
      await rm(join(folder, 'vae', 'diffusion_pytorch_model.safetensors'));
      await rm(join(folder, 'text_encoder', 'model.safetensors'));
    });
    const { code, stdout } = await nanosd(cwd, 'inspect', 'bare');
    expect(code).toBe(0);
    expect(stdout).toMatch(/no weights: counted from the configs alone\n$/);
  });
});

describe('nanosd convert and export', () => {
  it('goes to the original layout and back without a change', async () => {
    const there = await nanosd(cwd, 'convert', 'tiny', '-o', 'tiny.safetensors');
    expect(there).toMatchObject({ code: 0, stderr: '', stdout: 'tiny.safetensors: tiny\n' });
    const back = await nanosd(cwd, 'convert', 'tiny.safetensors', '-o', 'back');
    expect(back).toMatchObject({ code: 0, stderr: '' });
    const [before, after] = await Promise.all(
      ['tiny', 'back'].map((folder) => readFile(join(cwd, folder, weights))),
    );
    expect(after.equals(before)).toBe(true);
  });

  it('writes four ONNX models', async () => {
    const args = ['export', 'tiny', '--format', 'onnx', '-o', 'onnx', '--size', '16'];
    const { code, stdout, stderr } = await nanosd(cwd, ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['text_encoder', 'unet', 'vae_encoder', 'vae_decoder']) {
      expect(stdout).toMatch(new RegExp(`^${name}/model\\.onnx +\\d+\\.\\d MB$`, 'm'));
    }
  });
});

describe('bad checkpoints are told in one line, with exit code 2', () => {
  const changeJson =
    (path: string, changes: object) =>
    async (folder: string): Promise<void> => {
      const file = JSON.parse(await readFile(join(folder, path), 'utf8')) as object;
      await writeFile(join(folder, path), JSON.stringify({ ...file, ...changes }));
    };
  const stem = 'diffusion_pytorch_model';

  it.each<[what: string, change: (folder: string) => Promise<unknown>, says: RegExp]>([
    [
      'a missing component',
      (folder) => rm(join(folder, 'vae'), { recursive: true }),
      /: expected unet\/config\.json, vae\/config\.json, .* got no vae\/config\.json$/,
    ],
    [
      'a wrong shape',
      changeJson('vae/config.json', { latent_channels: 4, block_out_channels: [4, 16] }),
      /vae\.encoder\.down_blocks\.1\.resnets\.0\.conv1\.weight: expected \[16, 4, 3, 3\], got \[8, 4, 3, 3\]/,
    ],
    [
      'a truncated shard',
      async (folder) => {
        const shard = join(folder, 'unet', `${stem}-00001-of-00001.safetensors`);
        await cp(join(folder, weights), shard);
        await rm(join(folder, weights));
        await using file = await openSafetensorsFile(shard);
        const map: Record<string, string> = {};
        for (const name of file.entries.keys()) map[name] = `${stem}-00001-of-00001.safetensors`;
        const index = JSON.stringify({ weight_map: map });
        await writeFile(join(folder, 'unet', `${stem}.safetensors.index.json`), index);
        await truncate(shard, 100_000);
      },
      /-00001-of-00001\.safetensors: tensor ".*": its bytes end at \d+, but .*\(truncated\?\)$/,
    ],
    [
      'an SDXL checkpoint',
      changeJson('model_index.json', { _class_name: 'StableDiffusionXLPipeline' }),
      /: expected a Stable Diffusion 1\.x checkpoint .*, got Stable Diffusion XL$/,
    ],
    [
      'an SD 2 checkpoint',
      changeJson('unet/config.json', { cross_attention_dim: 1024, use_linear_projection: true }),
      /: expected a Stable Diffusion 1\.x checkpoint .*, got Stable Diffusion 2$/,
    ],
    [
      'NaN weights',
      async (folder) => {
        await using file = await openSafetensorsFile(join(folder, weights));
        const tensors = await file.readAll();
        tensors.set('conv_in.bias', float32([8], new Array<number>(8).fill(NaN)));
        await writeSafetensorsFile(join(folder, weights), tensors);
      },
      /: expected finite weights, got others in 1 tensor: unet\.conv_in\.bias: 8 NaN and 0 infinite of 8 elements$/,
    ],
  ])('%s', async (what, change, says) => {
    const name = await copy(what.replaceAll(' ', '-'), change);
    for (const command of [
      ['inspect', name, '--check'],
      ['convert', name, '-o', 'never'],
    ]) {
      const { code, stdout, stderr } = await nanosd(cwd, ...command);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^nanosd: .*\n$/);
      expect(stderr.trimEnd()).toMatch(says);
    }
    expect((await readdir(cwd)).filter((entry) => entry.includes('never'))).toEqual([]);
  });

  it.each([
    [['inspect', 'tiny', '--size', '33x16'], /multiples of 2, such as 34x16, got 33x16/],
    [['inspect', 'gone'], /gone: expected a folder with a model_index\.json or a config\.json, /],
    [['init', 'sd21', '-o', 'x'], /expected one of sd15, .*sd-mini, got sd21/],
    [['init', 'sd15', '-o', 'x', '--seed', '-1'], /Expected a whole number from 0/],
    [['convert', 'tiny', '-o', 'tiny'], /tiny: expected no folder yet/],
    [['export', 'tiny', '-o', 'x', '--size', '15'], /multiples of 2, got 15x15/],
    [['export', 'tiny', '-o', 'x', '--format', 'gguf'], /Allowed choices are onnx/],
  ])('nanosd %j', async (args, says) => {
    const { code, stderr } = await nanosd(cwd, ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^nanosd: .*\n$/);
    expect(stderr).toMatch(says);
  });
});
