import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventsOf, loggedSteps, run, start, writeProject } from './cli.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder: string;
/** Twenty steps in one go. */
let whole: string;
let config: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-resume-'));
  whole = join(folder, 'whole');
  config = await writeProject(whole);
  const { code, stderr } = await run('train', config, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

const checkpointsOf = async (project: string): Promise<string[]> =>
  (await readdir(join(project, 'run', 'checkpoints'))).sort();

/** The files of the checkpoint of step 20, but for `state.json`. */
async function finalTensors(project: string): Promise<Map<string, Buffer>> {
  const checkpoint = join(project, 'run', 'checkpoints', 'step-00000020');
  const names = (await readdir(checkpoint)).filter((name) => name.endsWith('.safetensors')).sort();
  expect(names).toEqual([
    'ema.safetensors',
    'exp_avg.safetensors',
    'exp_avg_sq.safetensors',
    'weights.safetensors',
  ]);
  const files = await Promise.all(names.map((name) => readFile(join(checkpoint, name))));
  return new Map(names.map((name, i) => [name, files[i]]));
}

async function expectSameAsWhole(project: string): Promise<void> {
  const expected = await finalTensors(whole);
  for (const [name, bytes] of await finalTensors(project)) {
    expect(bytes.equals(expected.get(name) ?? Buffer.of()), name).toBe(true);
  }
  expect(await loggedSteps(join(project, 'run'))).toEqual(range(1, 20));
}

/** A copy of the project that has not been trained. */
async function untrained(name: string): Promise<string> {
  const project = join(folder, name);
  await cp(whole, project, {
    recursive: true,
    filter: (path) => !path.startsWith(join(whole, 'run')),
  });
  return project;
}

/** Trains until a checkpoint of step `at` or later, then sends a signal. */
async function trainUntil(project: string, at: number, signal: NodeJS.Signals) {
  const running = start('train', join(project, 'config.yaml'), '--json', '--resume');
  await running.event((event) => event.kind === 'checkpoint' && event.step >= at);
  running.process.kill(signal);
  return running.finished;
}

describe('twenty steps', () => {
  it('change the weights at every step', async () => {
    expect(await loggedSteps(join(whole, 'run'))).toEqual(range(1, 20));
    const text = await readFile(join(whole, 'run', 'metrics.jsonl'), 'utf8');
    const losses = text.trimEnd().split('\n').map((line) => (JSON.parse(line) as { loss: number }).loss); // prettier-ignore
    expect(new Set(losses).size).toBe(20);
  });

  it('are the same bits when half of them come after kill -9 and --resume', async () => {
    const project = await untrained('killed');
    const { code } = await trainUntil(project, 10, 'SIGKILL');
    expect(code).toBeNull();
    const saved = await checkpointsOf(project);
    expect(saved.at(-1)).not.toBe('step-00000020');
    const resumed = await run('train', join(project, 'config.yaml'), '--json', '--resume');
    expect(resumed.code).toBe(0);
    const [started] = eventsOf(resumed.stdout);
    expect(started).toMatchObject({ kind: 'started' });
    expect(started.kind === 'started' && started.step).toBeGreaterThanOrEqual(10);
    await expectSameAsWhole(project);
  });

  it('are the same bits after being killed again and again, wherever that hits', async () => {
    const project = await untrained('killed-often');
    for (const at of [3, 8]) await trainUntil(project, at, 'SIGKILL');
    const { code } = await run('train', join(project, 'config.yaml'), '--resume');
    expect(code).toBe(0);
    await expectSameAsWhole(project);
    const left = await readdir(join(project, 'run', 'checkpoints'));
    expect(left.filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('are the same bits when an interrupt stopped them tidily', async () => {
    const project = await untrained('interrupted');
    const { code, stdout, stderr } = await trainUntil(project, 4, 'SIGINT');
    // As a shell has it, so that `train && export-model` does not go on with half of a model.
    expect(code).toBe(130);
    expect(stderr).toBe('\nstopping after this step; again to stop at once\nnanosd: interrupted\n');
    const last = eventsOf(stdout).at(-1);
    expect(last).toMatchObject({ kind: 'finished', steps: 20 });
    const stopped = last?.kind === 'finished' ? last.step : NaN;
    expect(stopped).toBeLessThan(20);
    const saved = await checkpointsOf(project);
    expect(saved.at(-1)).toBe(`step-${String(stopped).padStart(8, '0')}`);
    expect(await loggedSteps(join(project, 'run'))).toEqual(range(1, stopped));
    await run('train', join(project, 'config.yaml'), '--resume');
    await expectSameAsWhole(project);
  });
});

describe('a finished run', () => {
  it('is not begun again by mistake', async () => {
    const { code, stderr } = await run('train', config);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `nanosd: ${join(whole, 'run')}: expected an output folder without a run, got one (--resume continues it)\n`,
    );
  });

  it('has nothing left to resume', async () => {
    const { code, stdout } = await run('train', config, '--resume', '--json');
    expect(code).toBe(0);
    expect(eventsOf(stdout).map(({ kind }) => kind)).toEqual(['started', 'finished']);
  });

  it('says so where the config asks for fewer steps', async () => {
    const project = join(folder, 'fewer');
    await cp(whole, project, { recursive: true });
    await writeProject(project, { steps: 10 });
    const { code, stdout } = await run('train', join(project, 'config.yaml'), '--resume');
    expect(code).toBe(0);
    expect(stdout).toContain('\n20 steps were done before; the config asks for 10\n');
  });
});
