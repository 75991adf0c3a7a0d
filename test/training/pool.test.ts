import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventsOf, run, start, writeProject } from './cli.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

// Three passes and a part of one, of which each has six new samples.
const data = {
  photos: ['photos'],
  sample_size: 24,
  degradation: {
    kind: 'sequence',
    scale: 2,
    steps: [
      { kind: 'blur', sigma: [0.5, 2] },
      { kind: 'noise', sigma: [1, 10] },
    ],
  },
  pool: { samples: 24, refresh: 0.25 },
};

let root: string;
let expected: Buffer;

const project = async (name: string, changes: Record<string, unknown> = {}): Promise<string> =>
  writeProject(join(root, name), { data, ...changes });

const weightsOf = (name: string): Promise<Buffer> => {
  const checkpoint = join(root, name, 'run', 'checkpoints', 'step-00000020');
  return readFile(join(checkpoint, 'weights.safetensors'));
};

async function poolOf(name: string): Promise<string> {
  const pools = join(root, name, 'pools');
  const [pool, ...others] = await readdir(pools);
  expect(others).toEqual([]);
  return join(pools, pool);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-pool-run-'));
  const { code, stdout, stderr } = await run('train', await project('whole'), '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const making = eventsOf(stdout).filter(({ kind }) => kind === 'preparing');
  expect(making[0]).toMatchObject({ what: 'samples of the pool made', done: 0, total: 24 });
  expect(making.at(-1)).toMatchObject({ done: 24, total: 24 });
  // Two a file: those of the first pass and of two more, at least.
  expect((await readdir(await poolOf('whole'))).length).toBeGreaterThanOrEqual(1 + 12 + 6);
  expected = await weightsOf('whole');
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a run from a pool', () => {
  it('gives the same bits when it is killed five times, while the pool is made and later', async () => {
    const config = await project('killed');
    const train = () => start('train', config, '--json', '--resume');
    for (const done of [0, 8, 16]) {
      const running = train();
      // Or later, where all was made before anyone could look.
      await running.event((event) => {
        return event.kind === 'preparing' ? event.done >= done : event.kind === 'step';
      });
      running.process.kill('SIGKILL');
      await running.finished;
    }
    for (const at of [4, 11]) {
      const running = train();
      await running.event((event) => event.kind === 'checkpoint' && event.step >= at);
      running.process.kill('SIGKILL');
      await running.finished;
    }
    expect((await run('train', config, '--resume')).code).toBe(0);
    expect((await weightsOf('killed')).equals(expected)).toBe(true);
  });

  it('finds the pool of another run, and repairs it', async () => {
    const pool = await poolOf('whole');
    const folder = join(root, 'whole', 'pools');
    const config = await project('second', { data: { ...data, pool: { ...data.pool, folder } } });
    const damaged = join(pool, 'samples-000001.bin');
    await truncate(damaged, 100);
    const { code, stdout } = await run('train', config, '--json');
    expect(code).toBe(0);
    const events = eventsOf(stdout);
    expect(events.filter(({ kind }) => kind === 'warning')).toEqual([
      { kind: 'warning', message: `${damaged}: damaged (100 bytes); it is made again` },
    ]);
    const making = events.filter((event) => event.kind === 'preparing');
    expect(making.map(({ done }) => done)).toEqual([22, 24]);
    expect((await weightsOf('second')).equals(expected)).toBe(true);
  });

  it('shares the making with another that begins at the same time', async () => {
    const folder = join(root, 'together');
    const changes = { data: { ...data, pool: { ...data.pool, folder } } };
    const names = ['first', 'other'];
    const configs = await Promise.all(names.map((name) => project(name, changes)));
    const runs = await Promise.all(configs.map((config) => run('train', config)));
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    for (const name of names) expect((await weightsOf(name)).equals(expected), name).toBe(true);
    const [pool] = await readdir(folder);
    const left = await readdir(join(folder, pool));
    expect(left.filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('is another run with another pool, and says what limit it needs', async () => {
    const config = await project('changed', { steps: 3 });
    expect((await run('train', config)).code).toBe(0);
    await project('changed', { data: { ...data, pool: { samples: 25, refresh: 0.25 } } });
    const { stderr } = await run('train', config, '--resume');
    expect(stderr).toContain('data.pool: expected "24 samples, 0.25 of them new in each pass"');
    const tight = await project('tight', { data: { ...data, pool: { samples: 1_000_000 } } });
    const refused = await run('train', tight);
    expect(refused.code).toBe(2);
    const limit =
      /data\.pool\.megabytes: expected at least \d+, for 1000000 samples of \d+ bytes, got 4000\n$/;
    expect(refused.stderr).toMatch(limit);
  });
});
