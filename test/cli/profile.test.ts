import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import {
  missingOptions,
  parseLatencyTable,
  predictLatency,
  type LatencyTable,
} from '../../src/search/latency/latencyTable.js';
import { parseStages, stageNames, stageOptions } from '../../src/surgery/index.js';
import { fourLevelFiles } from '../checkpoints/fourLevelFiles.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';
import { nanosd, startNanosd } from './nanosd.js';

let cwd: string;
// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-profile-'));
  await initCheckpoint(join(cwd, 'teacher'), fourLevelFiles, { seed: 1 });
  await initCheckpoint(join(cwd, 'tiny'), tinyFiles, { seed: 1 });
  await nanosd(cwd, '--version');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

const read = async (name: string): Promise<LatencyTable> =>
  parseLatencyTable(JSON.parse(await readFile(join(cwd, name), 'utf8')), name);

/** A table of another device, complete but for what `leave` names. */
function csvWithout(leave = ''): string {
  const entries = stageNames.flatMap((stage) =>
    stageOptions[stage].map((option, i) => `${stage},${option},${i + 0.5}`),
  );
  return [
    'stage,option,median_ms',
    ...entries.filter((line) => !line.startsWith(leave || '-')),
  ].join('\n');
}

describe('nanosd profile', () => {
  it('measures every option, the other networks, and whole networks beside them', async () => {
    const { code, stdout, stderr } = await nanosd(
      cwd,
      ...['profile', 'teacher', '-o', 'latency.json', '--latent', '8', '--runs', '1'],
      ...['--networks', '--check', '3', '--threads', '1', '--json'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const table = await read('latency.json');
    expect(missingOptions(table)).toEqual([]);
    expect(table.entries).toHaveLength(36 + 2 + 3);
    expect(table.device).toMatchObject({ name: 'cpu', threads: 1, precision: 'fp32' });
    expect(table.network).toMatchObject({ teacher: 'teacher', height: 8, width: 8, batch: 1 });
    const printed = JSON.parse(stdout) as Record<string, unknown>;
    expect(printed.table).toEqual(table);
    expect(printed.check).toMatchObject({ networks: 3, offsetMs: expect.any(Number) as number });
  });

  it('measures some stages in half precision, with WebAssembly', async () => {
    const { code, stdout, stderr } = await nanosd(
      cwd,
      ...[
        'profile',
        'teacher',
        '-o',
        'wasm.json',
        '--latent',
        '4',
        '--runs',
        '1',
        '--stages',
        'E1',
      ],
      ...['--device', 'wasm', '--threads', '1', '--precision', 'fp16', '--batch', '2'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^E1 RARA +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3} +1$/m);
    expect(stdout).toContain('wasm.json: 6 entries, wasm');
    const { device, network } = await read('wasm.json');
    expect([device.runtime, device.precision, network?.batch]).toEqual([
      'onnxruntime-web',
      'fp16',
      2,
    ]);
  });

  it('imports a table that was measured elsewhere', async () => {
    await writeFile(join(cwd, 'phone.csv'), csvWithout());
    const { code, stdout, stderr } = await nanosd(
      cwd,
      ...[
        'profile',
        '--import',
        'phone.csv',
        '--device',
        'NPU',
        '--precision',
        'w8a16',
        '-o',
        'npu.json',
      ],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('npu.json: 36 entries, NPU, w8a16');
    const table = await read('npu.json');
    expect(predictLatency(table, parseStages('R RA R R R RARARA'))).toBe(0.5 * 4 + 1.5 + 7.5);
    const again = ['profile', '--import', 'npu.json', '-o', 'copy.json'];
    expect(await nanosd(cwd, ...again)).toMatchObject({ code: 0 });
    expect(await read('copy.json')).toEqual(table);
  });

  it('ends at once when it is interrupted, and writes nothing', async () => {
    const args = ['profile', 'teacher', '-o', 'never.json', '--latent', '8', '--runs', '100000'];
    const { process: child, ended } = startNanosd(cwd, args);
    setTimeout(() => child.kill('SIGINT'), 3000);
    expect(await ended).toMatchObject({ code: 130, stdout: '', stderr: 'nanosd: interrupted\n' });
    expect(await readdir(cwd)).not.toContain('never.json');
  });

  it.each([
    [['-o', 'a.json'], 'expected either a model to measure or --import of a table'],
    [['teacher', '--import', 'a.csv', '-o', 'a.json'], 'expected either a model'],
    [['teacher', '-o', 'no/a.json'], 'no/a.json: expected a folder that exists'],
    [['nothing', '-o', 'a.json'], 'nothing: expected a folder with a model_index.json'],
    [['tiny', '-o', 'a.json'], 'expected a teacher of 4 levels'],
    [['teacher', '-o', 'a.json', '--stages', 'E4'], 'expected all, or stages of E1, E2'],
    [['teacher', '-o', 'a.json', '--check', '1'], '--check: expected at least 2 networks, got 1'],
    [['teacher', '-o', 'a.json', '--precision', 'int4'], '--precision: expected fp32 or fp16'],
    [['teacher', '-o', 'a.json', '--size', '33'], '--size: expected multiples of'],
    [['teacher', '-o', 'a.json', '--device', 'npu'], 'expected a device of this machine (cpu'],
    [['--import', 'none.csv', '-o', 'a.json'], 'none.csv: cannot be read'],
    [
      ['--import', 'part.csv', '-o', 'a.json'],
      'expected every option of every stage, got none of D2 R,',
    ],
  ])('refuses %j', async (args, message) => {
    await writeFile(join(cwd, 'part.csv'), csvWithout('D2'));
    const { code, stderr, stdout } = await nanosd(cwd, 'profile', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(await readdir(cwd)).not.toContain('a.json');
  });
});
