import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventsOf, run, start, writeProject } from './cli.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;

beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'nanosd-robust-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const project = async (name: string, changes: Record<string, unknown> = {}) => {
  const path = join(folder, name);
  return { path, config: await writeProject(path, changes), output: join(path, 'run') };
};

const many = { steps: 100_000, checkpointing_minutes: 60 };

describe('a run that is to stop', () => {
  it('ends at once at the second interrupt', async () => {
    const { config } = await project('twice', many);
    const running = start('train', config, '--json');
    // Now sessions are being loaded, so that there is time for two.
    await running.event(({ kind }) => kind === 'started');
    running.process.kill('SIGINT');
    await running.said('stopping after this step');
    running.process.kill('SIGINT');
    // What a shell reports as status 130.
    expect((await running.finished).signal).toBe('SIGINT');
  });

  it('saves what it has when nobody reads its output any more', async () => {
    const { config, output } = await project('unread', many);
    const running = start('train', config, '--json');
    await running.event(({ kind }) => kind === 'step');
    running.process.stdout?.destroy();
    const { code, stderr } = await running.finished;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(await readdir(join(output, 'checkpoints'))).toHaveLength(1);
  });
});

describe('a run that is ended by a signal', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('saves, and ends as a shell has it: %s, %i', async (signal, code) => {
    const { config, output } = await project(signal, many);
    const running = start('train', config, '--json');
    await running.event(({ kind }) => kind === 'step');
    running.process.kill(signal);
    expect((await running.finished).code).toBe(code);
    const saved = await readdir(join(output, 'checkpoints'));
    expect(saved).toHaveLength(1);
    expect(await readdir(output)).not.toContain('run.lock');
  });
});

describe('an output folder', () => {
  it('has one run at a time, and is free after one that was killed', async () => {
    const { config, output } = await project('held', many);
    const holder = start('train', config, '--json');
    await holder.event(({ kind }) => kind === 'started');
    const second = await run('train', config, '--resume');
    expect(second.code).toBe(2);
    const held = `expected a folder that no other run writes to, got one held by process ${holder.process.pid} on `;
    expect(second.stderr).toContain(`nanosd: ${join(output, 'run.lock')}: ${held}`);
    expect(second.stderr).toMatch(/ since \d{4}-\d\d-\d\dT[\d:.]+Z\n$/);
    holder.process.kill('SIGKILL');
    await holder.finished;
    await writeProject(join(folder, 'held'), { steps: 1 });
    expect((await run('train', config)).code).toBe(0);
  });
});

describe('a run that fails', () => {
  it('ends when its loss explodes, with the last good checkpoint, and says what to change', async () => {
    const { config, output } = await project('exploding', {
      optimizer: { kind: 'adam' },
      learning_rate: 50,
      lr_scheduler: 'constant',
      lr_warmup_steps: 4,
      max_grad_norm: undefined,
      steps: 200,
      checkpoints_total_limit: 1,
    });
    // The first steps are harmless: the rate rises from 0.
    const { code, stdout, stderr } = await run('train', config, '--json');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^nanosd: expected a loss like the \S+ of before, got \S+ in step \d+: the run has diverged; a lower learning_rate, a longer lr_warmup_steps or a max_grad_norm may help\n$/,
    );
    const events = eventsOf(stdout);
    const failed = events.findLast((event) => event.kind === 'failed');
    const losses = events.flatMap((event) => (event.kind === 'step' ? [event.metrics.loss] : []));
    // What is kept was good: the loss of the step after it was none of those out of proportion.
    expect(losses[failed?.savedStep ?? 0]).toBeLessThan(10);
    expect(await readdir(join(output, 'checkpoints'))).toEqual([
      `step-${String(failed?.savedStep).padStart(8, '0')}`,
    ]);
  });

  it('says that the loss is no longer finite and keeps the last good checkpoint', async () => {
    const { config, output } = await project('diverging', {
      optimizer: { kind: 'sgd', momentum: 0 },
      learning_rate: 1e12,
      lr_scheduler: 'constant',
      lr_warmup_steps: 1,
      max_grad_norm: undefined,
      checkpoints_total_limit: 1,
    });
    const { code, stdout, stderr } = await run('train', config, '--json');
    expect(stderr).toMatch(
      /^nanosd: expected a finite (loss|gradient norm) in step \d+, got \w+: the run has diverged; .*\n$/,
    );
    expect(code).toBe(2);
    const failed = eventsOf(stdout).at(-1);
    expect(failed?.kind).toBe('failed');
    const saved = await readdir(join(output, 'checkpoints'));
    expect(saved).toEqual([
      `step-${String(failed?.kind === 'failed' ? failed.savedStep : NaN).padStart(8, '0')}`,
    ]);
  });

  it('says so when the output folder cannot be made', async () => {
    const { path, config } = await project('unwritable', { output_dir: 'file/run' });
    await writeFile(join(path, 'file'), '');
    const { code, stderr } = await run('train', config);
    expect(stderr).toBe(
      `nanosd: ${join(path, 'file/run/checkpoints')}: a part of the path is not a directory\n`,
    );
    expect(code).toBe(2);
  });

  it.skipIf(!existsSync('/dev/full'))('says so when the disk is full', async () => {
    const { config, output } = await project('full');
    await mkdir(output);
    await symlink('/dev/full', join(output, 'metrics.jsonl'));
    const { code, stderr } = await run('train', config);
    expect(stderr).toBe(
      'failed after step 1; none is saved\n' +
        `nanosd: ${join(output, 'metrics.jsonl')}: no space left on the device\n`,
    );
    expect(code).toBe(2);
  });
});

describe('photographs', () => {
  it('that are damaged are named once and left out; the log fits 80 columns', async () => {
    const { path, config } = await project('damaged', { steps: 12 });
    await writeFile(join(path, 'photos', 'broken.jpg'), 'no image');
    const { code, stdout, stderr } = await run('train', config);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: .*broken\.jpg: .*; the photograph is left out\n$/);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).toBe('finished 12 steps');
    expect(lines.at(-2)).toMatch(/^12\/12 {2}loss \S+ {2}lr \S+ {2}\d+ ms\/step {2}data/);
    const short = lines.filter((line) => !line.startsWith('saved '));
    expect(Math.max(...short.map((line) => line.length))).toBeLessThan(80);
  });

  it('are missed in an empty folder and where none can be used', async () => {
    const { path, config } = await project('empty');
    const photos = join(path, 'photos');
    await rm(photos, { recursive: true });
    await mkdir(photos);
    const empty = await run('train', config);
    expect(empty.stderr).toBe(`nanosd: ${photos}: expected photographs, got none\n`);
    expect(empty.code).toBe(2);
    await writeFile(join(photos, 'a.png'), 'no image');
    const useless = await run('train', config);
    expect(useless.stderr).toMatch(/^warning: .*a\.png: .*\n(.*\n)*nanosd: expected photographs to train on, got 1 that cannot be used\n$/); // prettier-ignore
    expect(useless.code).toBe(2);
  });
});

describe('the config', () => {
  it('is refused with all that is wrong in one line', async () => {
    const { config } = await project('wrong', { steps: 0, batch_size: 'x', typo: 1 });
    const { code, stderr } = await run('train', config);
    expect(stderr).toBe(
      `nanosd: ${config}: steps: expected at least 1, got 0; ` +
        `${config}: batch_size: expected a number, got "x"; ${config}: typo: no such key\n`,
    );
    expect(code).toBe(2);
  });

  it('may not change in what makes the run, and may in the rest', async () => {
    const { path, config, output } = await project('changed', { steps: 3 });
    expect((await run('train', config)).code).toBe(0);
    const harmless = {
      steps: 5,
      checkpointing_minutes: 1,
      workers: 1,
      gradient_accumulation_steps: 1,
      seed: 1,
    };
    await writeProject(path, { ...harmless, learning_rate: 1, batch_size: 8 });
    const { code, stderr } = await run('train', config, '--resume');
    const checkpoint = join(output, 'checkpoints', 'step-00000003');
    expect(stderr).toBe(
      `nanosd: ${checkpoint}: the config is not the one that the run was begun with: ` +
        'batch_size: expected 4, got 8; learning_rate: expected 0.001, got 1; ' +
        'other values make a new run, in another output_dir, from initial_weights\n',
    );
    expect(code).toBe(2);
    await writeProject(path, harmless);
    expect((await run('train', config, '--resume')).code).toBe(0);
  });
});
