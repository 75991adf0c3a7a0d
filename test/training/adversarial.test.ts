import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { eventsOf, run, start, writeProject } from './cli.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder: string;
let whole: string;

const adversarial = {
  weight: 0.05,
  start_step: 6,
  learning_rate: 1e-3,
  discriminator: { channels: 16, layers: 1 },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-adversarial-'));
  whole = join(folder, 'whole');
  const config = await writeProject(whole, { adversarial });
  const { code, stderr } = await run('train', config, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function finalTensors(project: string): Promise<Map<string, Buffer>> {
  const checkpoint = join(project, 'run', 'checkpoints', 'step-00000020');
  const names = (await readdir(checkpoint)).filter((name) => name.endsWith('.safetensors')).sort();
  const files = await Promise.all(names.map((name) => readFile(join(checkpoint, name))));
  return new Map(names.map((name, i) => [name, files[i]]));
}

async function metricsOf(project: string): Promise<Record<string, number>[]> {
  const text = await readFile(join(project, 'run', 'metrics.jsonl'), 'utf8');
  const entries = text.trimEnd().split('\n');
  return entries.map((line) => JSON.parse(line) as Record<string, number>);
}

it('logs both curves, from the step on at which the discriminator comes in', async () => {
  const steps = (await metricsOf(whole)).filter((entry) => 'loss' in entry);
  const judged = steps.filter((entry) => 'discriminatorLoss' in entry);
  expect(judged.map(({ step }) => step)).toEqual(Array.from({ length: 14 }, (_, i) => i + 7));
  for (const { loss, discriminatorLoss, discriminatorGradientNorm } of judged) {
    expect([loss, discriminatorLoss, discriminatorGradientNorm].every(Number.isFinite)).toBe(true);
  }
  expect(new Set(judged.map((entry) => entry.discriminatorLoss)).size).toBe(14);
});

it('gives the same bits of both players after kill -9, before and after it comes in', async () => {
  const project = join(folder, 'killed');
  await cp(whole, project, {
    recursive: true,
    filter: (path) => !path.startsWith(join(whole, 'run')),
  });
  for (const at of [3, 10]) {
    const running = start('train', join(project, 'config.yaml'), '--json', '--resume');
    await running.event((event) => event.kind === 'checkpoint' && event.step >= at);
    running.process.kill('SIGKILL');
    await running.finished;
  }
  const { code } = await run('train', join(project, 'config.yaml'), '--json', '--resume');
  expect(code).toBe(0);
  const [expected, got] = [await finalTensors(whole), await finalTensors(project)];
  expect([...got.keys()]).toEqual([
    ...['discriminator.ema', 'discriminator.exp_avg', 'discriminator.exp_avg_sq'].map(
      (name) => `${name}.safetensors`,
    ),
    'discriminator.weights.safetensors',
    ...['ema', 'exp_avg', 'exp_avg_sq', 'weights'].map((name) => `${name}.safetensors`),
  ]);
  for (const [name, bytes] of got) {
    expect(bytes.equals(expected.get(name) ?? Buffer.of()), name).toBe(true);
  }
  const curves = (entries: Record<string, number>[]) =>
    entries.map(({ step, loss, discriminatorLoss }) => ({ step, loss, discriminatorLoss }));
  expect(curves(await metricsOf(project))).toEqual(curves(await metricsOf(whole)));
});

it('ends with a message when the discriminator diverges, and keeps a good checkpoint', async () => {
  const project = join(folder, 'diverging');
  const config = await writeProject(project, {
    adversarial: { ...adversarial, learning_rate: 1e38 },
    optimizer: { kind: 'sgd', momentum: 0 },
    max_grad_norm: undefined,
  });
  const { code, stdout, stderr } = await run('train', config, '--json');
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^nanosd: expected a finite (loss|gradient norm)( of the discriminator)? in step \d+, got \w+.*\n$/,
  );
  const failed = eventsOf(stdout).at(-1);
  expect(failed?.kind).toBe('failed');
  const saved = await readdir(join(project, 'run', 'checkpoints'));
  const last = failed?.kind === 'failed' ? failed.savedStep : NaN;
  expect(last).toBeGreaterThan(0);
  expect(saved).toContain(`step-${String(last).padStart(8, '0')}`);
});

it('refuses another discriminator for a run that was begun with one', async () => {
  const project = join(folder, 'other');
  await cp(whole, project, { recursive: true });
  const config = await writeProject(project, { adversarial: { ...adversarial, weight: 1 } });
  const { code, stderr } = await run('train', config, '--resume');
  expect(code).toBe(2);
  expect(stderr).toContain('adversarial: expected {"kind":"hinge","weight":0.05');
});
