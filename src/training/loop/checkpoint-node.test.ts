import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GraphBuilder, type Graph } from '../../graph/index.js';
import { Random } from '../../tensor/index.js';
import {
  listCheckpoints,
  loadNewestCheckpoint,
  requireRunConfig,
  saveCheckpoint,
} from './checkpoint-node.js';
import { initializeWeights } from '../objectives/initialize.js';
import { createOptimizer } from '../optimizers/optimizers.js';
import { removePartials, runFolder } from './runFolder-node.js';
import { startTraining, type TrainingState } from './state.js';

const optimizer = createOptimizer({ kind: 'adam', betas: [0.9, 0.999], eps: 1e-8 });
const identity = { seed: 1, learning_rate: 0.001, loss: [{ kind: 'l1' }] };
const network = tinyNetwork(2);
let folder: string;

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'nanosd-checkpoints-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

function tinyNetwork(channels: number): Graph {
  const b = new GraphBuilder();
  // Not in alphabetical order: sums over params must not depend on how a file orders them.
  const weight = b.param('z.weight', [channels, 3]);
  const bias = b.param('a.bias', [channels, 1]);
  return b.build({ y: b.add(b.matmul(weight, b.input('x', [3, 1])), bias) });
}

function randomState(step: number): TrainingState {
  const random = Random.seeded(step);
  const state = startTraining(
    network,
    initializeWeights(network, random, () => 1),
    optimizer,
  );
  for (const tensors of [state.weights, state.ema, ...state.moments.values()]) {
    for (const { data } of tensors.values()) data.set(random.normals(data.length));
  }
  return { ...state, step };
}

const save = (step: number, keep = 2): Promise<string> =>
  saveCheckpoint(folder, randomState(step), { keep, identity });
const load = (now: Record<string, unknown> = identity): Promise<TrainingState | null> =>
  loadNewestCheckpoint(folder, { graph: network, discriminator: null }, optimizer, now);

describe('a checkpoint', () => {
  it('gives back every bit, in the order of the network', async () => {
    await save(7);
    const loaded = await load();
    expect(loaded).toEqual(randomState(7));
    expect([...(loaded?.weights.keys() ?? [])]).toEqual(['z.weight', 'a.bias']);
  });

  it('is the newest of those that stay', async () => {
    for (const step of [9, 10, 100]) await save(step);
    expect((await listCheckpoints(folder)).map((path) => basename(path))).toEqual([
      'step-00000010',
      'step-00000100',
    ]);
    expect((await load())?.step).toBe(100);
  });

  it('is null where nothing was saved', async () => {
    expect(await load()).toBeNull();
    await rm(folder, { recursive: true });
    expect(await load()).toBeNull();
  });

  it('written before runs had an identity still loads', async () => {
    const path = await save(7);
    await writeFile(join(path, 'state.json'), '{"step":7}\n');
    expect(await load()).toEqual(randomState(7));
  });
});

describe('an interrupted save', () => {
  it('leaves no checkpoint, and what it leaves is removed', async () => {
    const run = runFolder(folder);
    const saving = { keep: 2, identity };
    await saveCheckpoint(run.checkpoints, randomState(1), saving);
    const partial = join(run.checkpoints, '.step-00000002.partial');
    await mkdir(partial);
    await mkdir(run.best);
    await writeFile(join(partial, 'weights.safetensors'), 'half of');
    await writeFile(join(run.best, 'config.json.0a.partial'), '{');
    await writeFile(`${run.metrics}.0a.partial`, '{');
    await writeFile(join(folder, 'mine.partial'), 'of somebody else');
    const load = () =>
      loadNewestCheckpoint(
        run.checkpoints,
        { graph: network, discriminator: null },
        optimizer,
        identity,
      );
    expect((await load())?.step).toBe(1);
    await removePartials(run);
    expect((await load())?.step).toBe(1);
    expect(await readdir(run.checkpoints)).toEqual(['step-00000001']);
    expect(await readdir(run.best)).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['best', 'checkpoints', 'mine.partial']);
  });

  it('keeps the checkpoints before it', async () => {
    await save(1, 1);
    // A file where the folder is to be written.
    const blocked = join(folder, 'file');
    await writeFile(blocked, '');
    const saving = saveCheckpoint(blocked, randomState(2), { keep: 1, identity });
    await expect(saving).rejects.toThrow(/a part of the path is not a directory/);
    expect((await load())?.step).toBe(1);
  });

  it('refuses weights that are not finite', async () => {
    await save(1, 1);
    const state = randomState(2);
    state.weights.get('a.bias')?.data.fill(NaN);
    await expect(saveCheckpoint(folder, state, { keep: 1, identity })).rejects.toThrow(
      /a\.bias: 2 NaN and 0 infinite of 2 elements/,
    );
    expect(await readdir(folder)).toEqual(['step-00000001']);
  });
});

describe('resuming with another config', () => {
  it('names every key that is not what it was', async () => {
    const path = await save(3);
    const now = { seed: 2, learning_rate: 0.001, loss: [{ kind: 'l2' }] };
    await expect(load(now)).rejects.toThrow(
      [
        `${path}: the config is not the one that the run was begun with:`,
        'seed: expected 1, got 2',
        'loss: expected [{"kind":"l1"}], got [{"kind":"l2"}]',
        'other values make a new run, in another output_dir, from initial_weights',
      ].join('\n'),
    );
  });

  it('does not mind keys that the run was begun without', async () => {
    await save(3);
    expect((await load({ ...identity, added_later: true }))?.step).toBe(3);
  });
});

describe('the config of a run', () => {
  it('is what it was begun with, where there is a checkpoint that knows', async () => {
    const other = { ...identity, learning_rate: 0.1 };
    await requireRunConfig(folder, other);
    const path = await save(4);
    await requireRunConfig(folder, identity);
    await expect(requireRunConfig(folder, other)).rejects.toThrow(
      'learning_rate: expected 0.001, got 0.1',
    );
    await writeFile(join(path, 'state.json'), '{');
    await expect(requireRunConfig(folder, identity)).rejects.toThrow(
      `${join(path, 'state.json')}: expected JSON`,
    );
  });
});

describe('a damaged checkpoint', () => {
  it('is named, with what is wrong and what to do', async () => {
    await save(1);
    const path = await save(2);
    await truncate(join(path, 'exp_avg.safetensors'), 60);
    await expect(load()).rejects.toThrow(
      new RegExp(
        `^${path}: damaged checkpoint \\(.*exp_avg\\.safetensors.*\\); ` +
          'delete it to continue from step-00000001$',
      ),
    );
    await rm(path, { recursive: true });
    expect((await load())?.step).toBe(1);
  });

  it('that is the only one leaves nothing but to begin again', async () => {
    const path = await save(2);
    await rm(join(path, 'state.json'));
    await expect(load()).rejects.toThrow(/state\.json.*\); delete it to begin again$/);
    await writeFile(join(path, 'state.json'), '{"st');
    await expect(load()).rejects.toThrow(/damaged checkpoint/);
  });

  it('may be of another network', async () => {
    await save(2);
    const other = loadNewestCheckpoint(
      folder,
      { graph: tinyNetwork(4), discriminator: null },
      optimizer,
      identity,
    );
    await expect(other).rejects.toThrow(/z\.weight: expected \[4, 3\], got \[2, 3\]/);
    await expect(other).rejects.not.toThrow(/\n/);
  });

  it('holds its step and config in a readable file', async () => {
    const path = await save(5);
    const text = await readFile(join(path, 'state.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({ step: 5, config: identity });
  });
});
