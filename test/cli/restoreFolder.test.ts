import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/tensor/index.js';
import { nanosd, startNanosd, writeTinyModel } from './nanosd.js';
import { picture, writeBadFiles, writePhotos } from './photoFolder.js';

interface Report {
  readonly photos: number;
  readonly restored: number;
  readonly skipped: number;
  readonly failed: number;
  readonly interrupted: boolean;
  readonly files: readonly { input: string; status: string; reason?: string; output: string }[];
}

const PHOTOS = 300;
const random = Random.seeded(11);
let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-folder-'));
  await writeTinyModel(join(cwd, 'model'));
  await nanosd(cwd, '--version');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

const isHidden = (path: string) => path.includes('/.nanosd-');

describe('nanosd restore of a folder', () => {
  it(`of ${PHOTOS} files, 12 of them bad, goes on after five kills`, async () => {
    const [photos, out] = [join(cwd, 'photos'), join(cwd, 'out')];
    await writePhotos(photos, PHOTOS - 12);
    const bad = await writeBadFiles(photos);
    const args = ['restore', 'photos', '-o', 'out', '-r', '-m', 'model', '-j', '2'];
    const seen = new Set<string>();
    /** Whatever has its name must be all there. */
    const look = async (): Promise<number> => {
      const visible = (await filesBelow(out)).filter((path) => !isHidden(path));
      for (const path of visible.filter((one) => !seen.has(one))) {
        seen.add(path);
        if (path.endsWith('.json')) JSON.parse(await readFile(path, 'utf8'));
        else
          expect((await sharp(path).raw().toBuffer({ resolveWithObject: true })).info.width).toBe(
            72,
          );
      }
      return visible.length;
    };
    for (let kill = 0; kill < 5; kill++) {
      const before = await look();
      const { process: child, ended } = startNanosd(cwd, args);
      const enough = before + 1 + Math.floor(random.uniform() * 60);
      while (child.exitCode === null && (await look()) < enough) await delay(5);
      await delay(random.uniform() * 30);
      child.kill('SIGKILL');
      expect((await ended).signal).toBe('SIGKILL');
    }
    await look();
    const { code, stdout, stderr } = await nanosd(cwd, ...args);
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^\d+ restored, \d+ done before, 12 failed; report: out\/nanosd-report\.json\n$/,
    );
    expect(stderr.trimEnd().split('\n')).toHaveLength(13);
    expect(stderr).toMatch(/nanosd: 12 of 300 photos could not be restored\n$/);
    await look();

    const report = JSON.parse(await readFile(join(out, 'nanosd-report.json'), 'utf8')) as Report;
    expect(report).toMatchObject({ photos: PHOTOS, failed: 12, interrupted: false });
    expect(report.restored + report.skipped).toBe(288);
    expect(report.skipped).toBeGreaterThan(4);
    for (const { input, reason = '' } of report.files.filter((file) => file.status === 'failed')) {
      expect(reason).toMatch(bad.get(input.replace('photos/', '')) ?? /never/);
    }
    const results = await filesBelow(out);
    expect(results.filter(isHidden)).toEqual([]);
    expect(results).toHaveLength(289);
    const places = (await filesBelow(photos)).filter((path) => path.includes('year-'));
    expect(results.filter((path) => path.includes('year-')).sort()).toEqual(
      places.map((path) => path.replace(photos, out)).sort(),
    );
    for (const file of report.files.filter((one) => one.status !== 'failed')) {
      const before = await sharp(join(cwd, file.input)).metadata();
      const after = await sharp(join(cwd, file.output)).metadata();
      expect([after.format, after.width, after.height]).toEqual([before.format, 72, 48]);
    }
  }, 300_000);

  it('does again what has changed, or all of it when told to', async () => {
    const small = join(cwd, 'small');
    await writePhotos(small, 4);
    const run = (...flags: string[]) =>
      nanosd(cwd, 'restore', 'small', '-o', 'small-out', '-r', '-m', 'model', '-s', '2', ...flags);
    expect((await run()).stdout).toMatch(/^4 restored, 0 done before, 0 failed/);
    expect((await run()).stdout).toMatch(/^0 restored, 4 done before, 0 failed/);
    const later = new Date(Date.now() + 5000);
    await utimes(join(small, 'year-0', 'photo-0.jpg'), later, later);
    expect((await run()).stdout).toMatch(/^1 restored, 3 done before, 0 failed/);
    const { stdout } = await run('--overwrite', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ restored: 4, skipped: 0, options: { scale: 2 } });
  }, 120_000);

  it('keeps photos apart that would get one name, and leaves other files alone', async () => {
    const folder = join(cwd, 'apart');
    await mkdir(folder);
    await picture(1).jpeg().toFile(join(folder, 'a.jpg'));
    await picture(2).png().toFile(join(folder, 'a.png'));
    await writeFile(join(folder, 'notes.txt'), 'nothing');
    await writeFile(join(folder, '.hidden.jpg'), 'nothing');
    const flags = ['-o', 'apart-out', '-m', 'model', '-f', 'webp', '--width', '40'];
    const { code } = await nanosd(cwd, 'restore', 'apart', ...flags);
    expect(code).toBe(0);
    expect((await readdir(join(cwd, 'apart-out'))).sort()).toEqual([
      ...['a.jpg.webp', 'a.png.webp', 'nanosd-report.json'],
    ]);
    const { width } = await sharp(join(cwd, 'apart-out', 'a.png.webp')).metadata();
    expect(width).toBe(40);
  }, 60_000);

  it('ends cleanly when interrupted, and says how to go on', async () => {
    const many = join(cwd, 'many');
    await writePhotos(many, 80);
    const args = ['restore', 'many', '-o', 'many-out', '-r', '-m', 'model'];
    const { process: child, ended } = startNanosd(cwd, args);
    const out = join(cwd, 'many-out');
    while (child.exitCode === null && (await filesBelow(out)).length < 8) await delay(5);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /^nanosd: interrupted; \d+ of 80 photos are left; the same command goes on\n$/,
    );
    expect((await filesBelow(out)).filter(isHidden)).toEqual([]);
    const report = JSON.parse(await readFile(join(out, 'nanosd-report.json'), 'utf8')) as Report;
    expect(report.interrupted).toBe(true);
    expect((await nanosd(cwd, ...args)).stdout).toMatch(/0 failed/);
  }, 120_000);
});

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
