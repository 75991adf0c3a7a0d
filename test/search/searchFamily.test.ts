import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseStages, stageNames, stageOptions, type LatencyTable } from 'nanosd';
import {
  assembleStudent,
  measureQuality,
  openCheckpoint,
  readFamilyReport,
  searchFamily,
  teacherUnet,
  writeStudent,
  type FamilySearchOptions,
  type FamilySearchProgress,
} from 'nanosd/node';
import { nanosd } from '../cli/nanosd.js';
import { writeSurrogates, writeTeacher } from './tinyFamily.js';

let folder: string;
let options: FamilySearchOptions;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-search-'));
  await using teacher = await writeTeacher(join(folder, 'teacher'));
  await writeSurrogates(join(folder, 'surrogates'), teacher, 0.3);
  await writeFile(join(folder, 'latency.json'), JSON.stringify(table()));
  options = {
    teacher: join(folder, 'teacher'),
    surrogates: join(folder, 'surrogates'),
    latency: join(folder, 'latency.json'),
    output: join(folder, 'family'),
    search: { objectives: ['latency', 'parameters'], evaluations: 5, initial: 3, seed: 2 },
    quality: { samples: 16, steps: 1, batch: 16, features: 'latent', prompts: ['a'] },
    compute: { threads: 1 },
  };
});

afterAll(() => rm(folder, { recursive: true }));

/** A millisecond for each layer. */
function table(): LatencyTable {
  const entries = stageNames.flatMap((stage) =>
    stageOptions[stage].map((option) => ({ stage, option, median_ms: option.length })),
  );
  return { format: 'nanosd-latency-table', version: 1, device: { name: 'cpu' }, entries };
}

const written = async (output: string, name: string): Promise<string> =>
  readFile(join(output, name), 'utf8');

describe('searchFamily', () => {
  it('finds the fronts, names points and writes a report', async () => {
    const report = await searchFamily(options);
    const { output } = options;
    expect(report.searches.map(({ evaluations }) => evaluations.length)).toEqual([5, 5]);
    const [smallest, largest] = report.searches[0].evaluations;
    expect(smallest).toMatchObject({ stages: 'R R R R R R', latencyMs: 6 });
    expect(largest).toMatchObject({ stages: 'RARA RARA RARA RARARA RARARA RARARA', latencyMs: 30 });
    expect(report.points.map(({ name }) => name)).toContain('nanosd-prime');
    expect(report.quality).toMatchObject({ samples: 16, features: 'latent', prompts: ['a'] });
    expect(await readFamilyReport(output)).toEqual(JSON.parse(JSON.stringify(report)));
    expect(await written(output, 'report.html')).toContain('data:image/webp;base64,');

    const { points } = JSON.parse(await written(output, 'operating-points.json')) as {
      points: { name: string; unet: { _class_name: string } }[];
    };
    expect(points.map(({ name }) => name)).toEqual(report.points.map(({ name }) => name));
    expect(points[0].unet._class_name).toBe('NanoSDUNet2DConditionModel');
    const fronts = JSON.parse(await written(output, 'pareto.json')) as Record<string, unknown[]>;
    expect(Object.keys(fronts)).toEqual(['latency', 'parameters']);
    // What the first search has measured, the second does not.
    const journal = await written(output, 'journal-parameters.jsonl');
    expect(journal).toContain(`"objectives":[${smallest.taFD},`);
  });

  it('goes on after an interruption and comes to the same', async () => {
    const output = join(folder, 'interrupted');
    const controller = new AbortController();
    let measured = 0;
    const onProgress = (progress: FamilySearchProgress): void => {
      if (progress.phase === 'search' && progress.student && ++measured === 2) {
        controller.abort(new Error('enough'));
      }
    };
    const again = { ...options, output };
    const { signal } = controller;
    await expect(searchFamily(again, { signal, onProgress })).rejects.toThrow('enough');
    expect(await readdir(output)).not.toContain('report.json');

    await expect(searchFamily(again)).rejects.toThrow(
      /journal-latency.jsonl: expected no search yet, got one with 2 evaluations/,
    );
    const other = { ...again, resume: true, search: { ...options.search, seed: 3 } };
    await expect(searchFamily(other)).rejects.toThrow('seed: expected 2, got 3');

    await searchFamily({ ...again, resume: true });
    for (const name of ['pareto.json', 'operating-points.json', 'report.json']) {
      expect(await written(output, name)).toBe(await written(options.output, name));
    }
  });

  it('leaves out networks that are too large', async () => {
    const output = join(folder, 'small');
    const search = { ...options.search, objectives: ['latency'] as const, evaluations: 3 };
    const limited = { ...search, maxParameters: 60_000, strategy: 'random' as const };
    const report = await searchFamily({ ...options, output, search: limited });
    for (const { parameters } of report.searches[0].evaluations) {
      expect(parameters).toBeLessThanOrEqual(60_000);
    }
  });

  it('says what is missing before it computes', async () => {
    const output = join(folder, 'never');
    await rename(join(options.surrogates, 'D1-RA'), join(folder, 'D1-RA'));
    await rename(join(options.surrogates, 'E2-R'), join(folder, 'E2-R'));
    await expect(searchFamily({ ...options, output })).rejects.toThrow(
      'surrogates: expected the surrogates E2-R, D1-RA, got no E2-R/',
    );
    const flags = ['--surrogates', options.surrogates, '--latency', options.latency, '-o', output];
    const { code, stderr } = await nanosd(folder, 'search', options.teacher, ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^nanosd: .*expected the surrogates E2-R, D1-RA.*\n$/);
    await rename(join(folder, 'D1-RA'), join(options.surrogates, 'D1-RA'));
    await rename(join(folder, 'E2-R'), join(options.surrogates, 'E2-R'));

    const latency = join(folder, 'gaps.json');
    const whole = table();
    await writeFile(latency, JSON.stringify({ ...whole, entries: whole.entries.slice(2) }));
    await expect(searchFamily({ ...options, output, latency })).rejects.toThrow(
      'gaps.json: expected a latency for every option of every stage, got none for E1 R, E1 RA',
    );
    expect(await readdir(folder)).not.toContain('never');
  });
});

describe('measureQuality', () => {
  it('measures students that are written as checkpoints', async () => {
    const path = join(folder, 'student');
    {
      await using teacher = await openCheckpoint(options.teacher);
      const stages = parseStages('RARA R RARA RARARA RR RARARA');
      const own = teacherUnet(teacher.unet);
      await using student = await assembleStudent(own, options.surrogates, stages);
      await writeStudent(path, teacher, student);
    }
    const measured = [];
    const students = [path, options.teacher];
    const settings = { ...options.quality, ...options.compute };
    for await (const quality of measureQuality(options.teacher, students, settings)) {
      measured.push(quality);
    }
    expect(measured[0].taFD).toBeGreaterThan(0);
    expect(measured[1].taFD).toBeLessThan(1e-6);
    expect(measured[1].floor).toBe(measured[0].floor);
  });
});
