import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { openCheckpoint } from '../../src/models/openCheckpoint-node.js';
import type { FamilyReport } from '../../src/search/report/familyReport.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';
import { nanosd, startNanosd } from '../cli/nanosd.js';
import { writePictures } from '../training/pictures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-pipeline-'));
  const files = { ...tinyFiles, unet, text_encoder: null, prompt_embeddings: prompts };
  await initCheckpoint(join(folder, 'teacher'), files, { seed: 1 });
  await writePictures(join(folder, 'photos'), 4, 64);
  await writePictures(join(folder, 'held-out'), 2, 64);
});
afterAll(() => rm(folder, { recursive: true }));

const attending = new Array<string>(3);
const unet = {
  ...tinyFiles.unet,
  block_out_channels: [8, 8, 8, 8],
  down_block_types: [...attending.fill('CrossAttnDownBlock2D'), 'DownBlock2D'],
  up_block_types: ['UpBlock2D', ...new Array<string>(3).fill('CrossAttnUpBlock2D')],
};
const prompts = {
  _class_name: 'PromptEmbeddings',
  names: ['photo', ''],
  tokens: 2,
  cross_attention_dim: unet.cross_attention_dim,
};

async function writeConfig(name: string, changes: object = {}): Promise<string> {
  const config = {
    ...{ teacher: 'teacher', photos: ['photos'], validation: 'held-out', output_dir: name },
    profile: { runs: 1, warmup: 0 },
    distill: { steps: 2, batch_size: 2, held_out_batches: 1 },
    search: { evaluations: 4, initial: 2, samples: 16, steps: 2 },
    vae: {
      width: 8,
      encoder_layers: [1, 1],
      decoder_layers: [1, 1],
      steps: 2,
      batch_size: 2,
      resolution: 16,
    },
    align: { steps: 2, batch_size: 2 },
    compare: 'nanosd-prime',
    ...changes,
  };
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, stringify(config));
  return path;
}

/** The folder of a stage, whose name ends in a digest. */
async function stageFolder(run: string, stage: string): Promise<string> {
  const names = await readdir(join(folder, run, 'stages'));
  const found = names.filter((name) => name.startsWith(`${stage}-`));
  expect(found).toHaveLength(1);
  return join(folder, run, 'stages', found[0]);
}

async function report(run: string): Promise<FamilyReport> {
  const path = join(await stageFolder(run, 'family'), 'report.json');
  return JSON.parse(await readFile(path, 'utf8')) as FamilyReport;
}

/** What must not depend on when a run was killed: everything but times. */
function outcome({ points, searches }: FamilyReport): unknown {
  return {
    points: points.map(({ name, stages, taFD, latentDistance, curves }) => {
      return { name, stages, taFD, latentDistance, curves };
    }),
    searched: searches.map(({ evaluations }) => evaluations.map(({ stages }) => stages)),
  };
}

describe('nanosd pipeline', { timeout: 240_000 }, () => {
  it('makes a family', async () => {
    const whole = await nanosd(folder, 'pipeline', await writeConfig('whole'));
    expect(whole.stderr).toBe('');
    expect(whole.code).toBe(0);
    const { points, teacher } = await report('whole');
    expect(points.length).toBeGreaterThan(0);
    expect(teacher.latencyMs?.measured).toBeGreaterThan(0);
    for (const { name, taFD, latencyMs, curves } of points) {
      expect(Object.values({ ...taFD, ...latencyMs }).every((value) => value >= 0)).toBe(true);
      expect(curves?.map((curve) => curve.name)).toEqual(
        name === 'nanosd-prime' ? ['distilled', 'inherited', 'random'] : ['distilled'],
      );
      const member = join(await stageFolder('whole', 'family'), 'family', name);
      await using checkpoint = await openCheckpoint(member);
      expect(checkpoint.unet.network.className).toBe('NanoSDUNet2DConditionModel');
      expect(checkpoint.vae.network.className).toBe('NanoSDAutoencoder');
    }
  });

  it('makes the same family when it is killed again and again', async () => {
    const config = await writeConfig('killed');
    // Latencies differ from run to run, and the search with them: both runs have the same ones.
    const profile = await stageFolder('whole', 'profile');
    const stages = join(folder, 'killed', 'stages');
    await mkdir(stages, { recursive: true });
    await cp(profile, join(stages, basename(profile)), { recursive: true });
    for (const milliseconds of [4000, 7000, 10_000]) {
      const { process, ended } = startNanosd(folder, ['pipeline', config]);
      await sleep(milliseconds);
      process.kill('SIGKILL');
      await ended;
    }
    const last = await nanosd(folder, 'pipeline', config);
    expect([last.stderr, last.code]).toEqual(['', 0]);
    expect(outcome(await report('killed'))).toEqual(outcome(await report('whole')));
    const again = await nanosd(folder, 'pipeline', config);
    expect(again.stdout.match(/, before/g)).toHaveLength(7);
  });

  it('says in one line what is wrong with a config', async () => {
    const wrong = await nanosd(folder, 'pipeline', await writeConfig('wrong', { aling: {} }));
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('aling');
    const until = await nanosd(folder, 'pipeline', await writeConfig('w2'), '--until', 'x');
    expect([until.code, until.stderr]).toEqual([
      2,
      'nanosd: expected a stage (profile, distill, search, vae, align, compare, family), got x\n',
    ]);
  });
});
