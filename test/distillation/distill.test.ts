import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventsOf, run, start, surrogatesOf } from './command.js';
import { writeTeacher } from './teacher.js';

// Each test starts processes of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let teacher: string;
let photos: string;
/** Twenty steps in one go. */
let whole: string;

const options = ['--only', 'E1-RA,D3-RR', '--steps', '20', '--batch', '2', '--json'];
// As often as possible.
const often = ['--checkpointing-minutes', '0.00001'];

const distill = (output: string, ...more: readonly string[]) => {
  return start('distill', teacher, '--photos', photos, '-o', output, ...options, ...more);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-distill-'));
  ({ teacher, photos } = await writeTeacher(folder));
  whole = join(folder, 'whole');
  const { code, stderr } = await distill(whole, '-j', '2').ended;
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('nanosd distill', () => {
  it('writes surrogates with their errors before and after, a summary and a report', async () => {
    expect((await readdir(whole)).filter((name) => !name.startsWith('.')).sort()).toEqual([
      'D3-RR',
      'E1-RA',
      'distill.json',
      'report.html',
      'surrogates.json',
    ]);
    const json = JSON.parse(await readFile(join(whole, 'surrogates.json'), 'utf8')) as {
      surrogates: { name: string; relativeError: Record<'before' | 'after', { all: number }> }[];
    };
    expect(json.surrogates.map(({ name }) => name)).toEqual(['E1-RA', 'D3-RR']);
    for (const { relativeError } of json.surrogates) {
      expect(relativeError.after.all).toBeLessThan(relativeError.before.all);
    }
    const html = await readFile(join(whole, 'report.html'), 'utf8');
    expect(html.match(/<polyline/g)).toHaveLength(2);
    expect(html).not.toMatch(/src=|href=|https?:/);
  });

  it('gives the same bits after a kill, from the step of the last checkpoint', async () => {
    const output = join(folder, 'killed');
    const first = distill(output, ...often);
    await first.event((event) => event.kind === 'saved' && event.step >= 8);
    first.killAll();
    await first.ended;
    expect(await surrogatesOf(output)).not.toEqual(await surrogatesOf(whole));
    const { code, stdout } = await distill(output, '--resume', '-j', '2').ended;
    expect(code).toBe(0);
    const begun = eventsOf(stdout).flatMap((event) => (event.kind === 'started' ? event.step : []));
    expect(Math.max(...begun)).toBeGreaterThanOrEqual(8);
    expect(await surrogatesOf(output)).toEqual(await surrogatesOf(whole));
  });

  it('saves and stops on SIGINT; the same bits when continued by the teacher that runs along', async () => {
    const stream = ['--cache-megabytes', '0'];
    const output = join(folder, 'stopped');
    const first = distill(output, ...stream);
    await first.event((event) => event.kind === 'step' && event.step >= 3);
    first.process.kill('SIGINT');
    const stopped = await first.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('stopping after this step');
    expect(eventsOf(stopped.stdout).at(-1)).toMatchObject({ kind: 'done', stopped: true });
    const second = await distill(output, ...stream, '--resume', '-j', '2').ended;
    expect(second.code).toBe(0);
    const undisturbed = join(folder, 'streamed');
    expect((await distill(undisturbed, ...stream).ended).code).toBe(0);
    expect(await surrogatesOf(output)).toEqual(await surrogatesOf(undisturbed));
  });

  it('does not do again what is finished, and goes on where a process was killed', async () => {
    const output = join(folder, 'again');
    await cp(whole, output, { recursive: true });
    await rm(join(output, 'E1-RA'), { recursive: true });
    const second = distill(output, '--resume', ...often);
    await second.event((event) => event.kind === 'saved');
    const children = await readFile(
      `/proc/${second.process.pid}/task/${second.process.pid}/children`,
      'utf8',
    ).catch(() => '');
    for (const pid of children.trim().split(' ').filter(Boolean)) {
      process.kill(Number(pid), 'SIGKILL');
    }
    const { code, stdout } = await second.ended;
    expect(code).toBe(0);
    expect(eventsOf(stdout)).toContainEqual({
      kind: 'planned',
      pending: ['E1-RA'],
      finished: ['D3-RR'],
      steps: 20,
    });
    expect(await surrogatesOf(output)).toEqual(await surrogatesOf(whole));
  });
});

describe('bad input', () => {
  const refused = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run('distill', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^nanosd: [^\n]+\n$/);
    return stderr;
  };
  const output = () => join(folder, 'refused');

  it('a folder of surrogates, without --resume or with other settings', async () => {
    const args = [teacher, '--photos', photos, '-o', whole, ...options];
    expect(await refused(...args)).toContain('--resume continues it');
    expect(await refused(...args, '--resume', '--seed', '2')).toContain('seed: expected 1, got 2');
  });

  it('a folder without photographs', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const stderr = await refused(teacher, '--photos', empty, '-o', output(), ...options);
    expect(stderr).toContain(`${empty}: expected photographs, got none`);
  });

  it('surrogates that the space has not, a resolution that does not divide, a cache too small', async () => {
    const args = [teacher, '--photos', photos, '-o', output()];
    expect(await refused(...args, '--only', 'E1-X')).toContain('got "E1-X"');
    expect(await refused(...args, '--resolution', '20')).toContain('expected a multiple of 16');
    expect(await refused(...args, '--steps', '3000', '--cache-megabytes', '1')).toMatch(
      /cache_megabytes: expected at least \d+,/,
    );
  });

  it('a Redis that is not there, before anything is written', async () => {
    const args = [teacher, '--photos', photos, '-o', output(), '--queue'];
    expect(await refused(...args, 'redis://127.0.0.1:9')).toContain(
      'redis://127.0.0.1:9: expected a Redis or Valkey server, got none',
    );
    expect(await refused(...args, '127.0.0.1:9')).toContain('expected redis://HOST:PORT');
  });
});

const disk = mountSmallDisk();

it.skipIf(disk === null)(
  'a full disk during the cache write: told, nothing left behind (skipped where no disk can be mounted)',
  async () => {
    const output = join(disk ?? '', 'surrogates');
    const { code, stderr } = await distill(output, '--latents', join(whole, '.latents')).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^nanosd: .*features-\w+\.safetensors: no space left on the device\n$/);
    expect(await readdir(join(output, '.features'))).toEqual([]);
    execFileSync('umount', [disk ?? '']);
  },
);

/** A folder on a disk of 64 kB; null where this user cannot mount one. */
function mountSmallDisk(): string | null {
  const path = join(tmpdir(), `nanosd-small-disk-${process.pid}`);
  try {
    execFileSync('mkdir', ['-p', path]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' });
    return path;
  } catch {
    return null;
  }
}
