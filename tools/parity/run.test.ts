import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32 } from '../../src/tensor/index.js';
import { writeSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { fractionBeyond, largestDifference } from './check.js';
import { runParity } from './run.js';

const goldens = fileURLToPath(new URL('../../../shared/goldens/', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-parity-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A case of one noise piece whose expected output is off by `error`. */
async function writeNoiseCase(name: string, error: number): Promise<string> {
  const directory = join(folder, name, 'noise');
  await mkdir(directory, { recursive: true });
  const image = (value: number) => float32([1, 1, 1, 2], [value, value]);
  await writeSafetensorsFile(
    join(directory, 'data.safetensors'),
    new Map([
      ['image', image(0.5)],
      ['noise', image(1)],
      ['noisy', image(0.5 + 25.5 / 255 + error)],
    ]),
  );
  const piece = {
    kind: 'gaussian_noise',
    sigma: 25.5,
    input: 'image',
    noise: 'noise',
    output: 'noisy',
    tolerance_max_abs: 1e-6,
  };
  const kind = 'real_esrgan_degradation_pieces';
  const text = JSON.stringify({ kind, file: 'data.safetensors', cases: [piece] });
  await writeFile(join(directory, 'case.json'), text);
  return join(folder, name);
}

async function run(root: string): Promise<{ status: number; lines: string[] }> {
  const lines: string[] = [];
  const status = await runParity(root, (line) => lines.push(line));
  return { status, lines };
}

describe('runParity', () => {
  it('passes what holds', async () => {
    const { status, lines } = await run(await writeNoiseCase('good', 0));
    expect(lines).toEqual([expect.stringMatching(/^PASS noise: 1 checks, worst noisy: error /)]);
    expect(status).toBe(0);
  });

  it('fails what does not', async () => {
    const { status, lines } = await run(await writeNoiseCase('bad', 1e-4));
    expect(lines).toEqual([
      expect.stringMatching(
        /^FAIL noise: 1 of 1 checks fail, worst noisy: error 0\.000100, .*ratio 100$/,
      ),
    ]);
    expect(status).toBe(1);
  });

  it('fails a broken case in one line', async () => {
    const directory = join(folder, 'broken', 'case');
    await mkdir(directory, { recursive: true });
    const text = '{ "kind": "real_esrgan_degradation_pieces" }';
    await writeFile(join(directory, 'case.json'), text);
    const { status, lines } = await run(join(folder, 'broken'));
    expect(lines).toEqual([expect.stringMatching(/^FAIL case: [^\n]*file/)]);
    expect(status).toBe(1);
  });

  it('lists kinds that it does not know', async () => {
    await mkdir(join(folder, 'other', 'a', 'b'), { recursive: true });
    await writeFile(join(folder, 'other', 'a', 'b', 'case.json'), '{ "kind": "something" }');
    const { status, lines } = await run(join(folder, 'other'));
    expect(lines).toEqual([`SKIP ${join('a', 'b')}: unknown kind something`]);
    expect(status).toBe(0);
  });

  it('wants a folder with cases', async () => {
    const { status, lines } = await run(join(folder, 'nowhere'));
    expect(lines).toEqual([expect.stringContaining('expected a folder with case.json files')]);
    expect(status).toBe(2);
  });

  // Skipped where the goldens are not beside the project.
  it.skipIf(!existsSync(goldens)).each(['degradations', 'image_metrics'])(
    'holds for %s',
    async (name) => {
      const { status, lines } = await run(join(goldens, name));
      expect(lines[0]).toMatch(/^PASS/);
      expect(status).toBe(0);
    },
    60_000,
  );
});

it('a missing or undefined value is no small difference', () => {
  expect(largestDifference([1, NaN], [1, 2])).toBeNaN();
  expect(largestDifference([1], [1, 2])).toBe(Infinity);
  expect(fractionBeyond([1, NaN, 3], [1, 2, 3.5], 0.6)).toBeCloseTo(1 / 3, 12);
});
