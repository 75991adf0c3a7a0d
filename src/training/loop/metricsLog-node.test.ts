import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMetricsLog, readMetricsLog, type MetricsEntry } from './metricsLog-node.js';

let path: string;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-metrics-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const update = (step: number): MetricsEntry => ({
  step,
  loss: 1 / step,
  learningRate: 1e-3,
  gradientNorm: 1,
  ms: 10,
  dataMs: 1,
});
const validation = (step: number): MetricsEntry => ({
  step,
  validation: { set5: { psnrY: 30, images: 5 } },
  ms: 5,
});

async function write(from: number, entries: readonly MetricsEntry[]): Promise<void> {
  const log = await openMetricsLog(path, from);
  for (const entry of entries) await log.append(entry);
  await log.sync();
  await log[Symbol.asyncDispose]();
}

describe('the metrics log', () => {
  it('holds a line an entry', async () => {
    const entries = [update(1), update(2), validation(2)];
    await write(0, entries);
    expect(await readMetricsLog(path)).toEqual(entries);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(4);
  });

  it('of a resumed run has every step once, whatever the interrupted one wrote', async () => {
    await write(0, [update(1), update(2), validation(2), update(3), validation(3), update(4)]);
    await appendFile(path, '{"step":5,"lo');
    await write(2, [update(3), update(4)]);
    expect(await readMetricsLog(path)).toEqual([
      update(1),
      update(2),
      validation(2),
      update(3),
      update(4),
    ]);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(6);
  });

  it('of a new run is empty, whatever an older one left', async () => {
    await write(0, [update(1)]);
    await write(0, []);
    expect(await readFile(path, 'utf8')).toBe('');
  });

  it('may be missing when a run is resumed', async () => {
    await write(5, [update(6)]);
    expect(await readMetricsLog(path)).toEqual([update(6)]);
  });

  it('names the file that cannot be written', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const inside = join(file, 'metrics.jsonl');
    await expect(openMetricsLog(inside, 0)).rejects.toThrow(`${inside}: a part of the path`);
  });
});
