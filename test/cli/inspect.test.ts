import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { nanosd, writeTinyModel } from './nanosd.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-inspect-'));
  await writeTinyModel(join(cwd, 'model'));
  await nanosd(cwd, '--version');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

interface Part {
  readonly name: string;
  readonly parameters: number;
  readonly tensors: number;
  readonly gmac: number;
}

describe('nanosd inspect', () => {
  it('tells what each stage holds and costs', async () => {
    const { stdout } = await nanosd(cwd, 'inspect', 'model', '--size', '64x32', '--json');
    const { input, total, stages } = JSON.parse(stdout) as {
      input: object;
      total: Part;
      stages: Part[];
    };
    expect(input).toEqual({ width: 64, height: 32 });
    expect(stages.map(({ name }) => name)).toEqual(['encoder', 'unet', 'decoder']);
    for (const key of ['parameters', 'tensors', 'gmac'] as const) {
      const sum = stages.reduce((all, stage) => all + stage[key], 0);
      expect(total[key]).toBeCloseTo(sum, 9);
    }
    const weights = join(cwd, 'model', 'diffusion_pytorch_model.safetensors');
    const { tensors } = await readSafetensorsFile(weights);
    for (const { name, ...stage } of stages) {
      const own = [...tensors].filter(([key]) => key.startsWith(`${name}.`));
      const parameters = own.reduce((sum, [, { data }]) => sum + data.length, 0);
      expect(stage).toMatchObject({ parameters, tensors: own.length });
    }
  });

  it('prints an aligned table', async () => {
    const { code, stdout, stderr } = await nanosd(cwd, 'inspect', 'model');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ +parameters {2}tensors +GMAC$/);
    expect(lines.slice(1, 5).map((line) => line.split(' ')[0])).toEqual([
      ...['encoder', 'unet', 'decoder', 'total'],
    ]);
    expect(lines[5]).toMatch(/^for an input of 128x128; activations alive at once: \d+\.\d MB/);
  });
});
