import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nanosd, startNanosd, writeTinyModel } from './nanosd.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-restore-'));
  await writeTinyModel(join(cwd, 'model'));
  await writeTinyModel(join(cwd, 'wide-model'), 48);
  await writeNoise('large.png', 1500, 1500);
  await nanosd(cwd, '--version');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;

async function writeNoise(name: string, width: number, height: number): Promise<void> {
  await sharp({ create: { width, height, channels: 3, background: 'black', noise } }).toFile(
    join(cwd, name),
  );
}

const dimensions = async (name: string) => {
  const { width, height, channels } = await sharp(join(cwd, name)).metadata();
  return [width, height, channels];
};

describe('nanosd restore', () => {
  it.each([
    [1, 1],
    [3, 5],
    [2000, 7],
  ])('enlarges a picture of %i x %i, and says so in one line', async (width, height) => {
    const name = `${width}x${height}.png`;
    await writeNoise(name, width, height);
    const { code, stdout, stderr } = await nanosd(
      cwd,
      'restore',
      name,
      '-o',
      'o.png',
      '-m',
      'model',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^o\\.png: ${4 * width}x${4 * height} in \\d+\\.\\d s\n$`));
    expect(await dimensions('o.png')).toEqual([4 * width, 4 * height, 3]);
  });

  it('writes the same bytes every time, with tiles too, and tells JSON', async () => {
    await writeNoise('photo.png', 70, 50);
    const flags = ['-m', 'model', '--tile', '48', '--json'];
    const first = await nanosd(cwd, 'restore', 'photo.png', '-o', 'first.png', ...flags);
    await nanosd(cwd, 'restore', 'photo.png', '-o', 'second.png', ...flags);
    expect(JSON.parse(first.stdout)).toEqual({
      input: 'photo.png',
      output: 'first.png',
      model: 'model',
      task: 'sr',
      device: 'cpu',
      scale: 4,
      width: 280,
      height: 200,
      ms: expect.any(Number) as number,
    });
    const [a, b] = [
      await readFile(join(cwd, 'first.png')),
      await readFile(join(cwd, 'second.png')),
    ];
    expect(a.equals(b)).toBe(true);
  });

  it('enlarges transparency along with the picture', async () => {
    const background = { r: 200, g: 10, b: 90, alpha: 0.5 };
    await sharp({ create: { width: 9, height: 6, channels: 4, background } }).toFile(
      join(cwd, 'glass.png'),
    );
    await nanosd(cwd, 'restore', 'glass.png', '-o', 'glass_out.webp', '-m', 'model');
    expect(await dimensions('glass_out.webp')).toEqual([36, 24, 4]);
    const alpha = await sharp(join(cwd, 'glass_out.webp')).extractChannel(3).raw().toBuffer();
    expect(alpha.every((value) => Math.abs(value - 128) <= 1)).toBe(true);
  });

  it('names its output after the photo, and replaces that only when told to', async () => {
    await writeNoise('holiday.jpg', 16, 16);
    const run = (...flags: string[]) =>
      nanosd(cwd, 'restore', 'holiday.jpg', '-m', 'model', ...flags);
    expect((await run()).stdout).toMatch(/^holiday_x4\.jpg: 64x64/);
    const again = await run();
    expect([again.code, again.stderr]).toEqual([
      2,
      'nanosd: holiday_x4.jpg: exists; --overwrite replaces it, -o names another\n',
    ]);
    expect((await run('--overwrite')).code).toBe(0);
    expect((await run('-o', 'holiday.jpg')).code).toBe(2);
    expect((await run('-o', 'holiday.jpg', '--overwrite')).code).toBe(0);
    expect(await dimensions('holiday.jpg')).toEqual([64, 64, 3]);
  });

  it.each([0, 300, 1500, 4000])(
    'leaves nothing behind when interrupted %i ms after it began',
    async (ms) => {
      // The signal comes at a known moment: so many milliseconds after the command began to listen.
      const interrupt = `process.on('newListener', (event) => {
        if (event === 'SIGINT') setTimeout(() => process.kill(process.pid, 'SIGINT'), ${ms});
      });`;
      const { ended } = startNanosd(
        cwd,
        ['restore', 'large.png', '-o', 'interrupted.png', '-m', 'wide-model', '--tile', '128'],
        ['--import', `data:text/javascript,${encodeURIComponent(interrupt)}`],
      );
      const { code, signal, stdout, stderr } = await ended;
      expect({ code, signal, stdout, stderr }).toEqual({
        code: 130,
        signal: null,
        stdout: '',
        stderr: 'nanosd: interrupted\n',
      });
      const names = await readdir(cwd);
      expect(names.filter((name) => /interrupted|partial/.test(name))).toEqual([]);
    },
    60_000,
  );

  it('ends quietly when nobody reads what it says', async () => {
    await writeNoise('unheard.png', 8, 8);
    const { process: child, ended } = startNanosd(cwd, [
      ...['restore', 'unheard.png', '-o', 'unheard_out.png', '-m', 'model'],
    ]);
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await dimensions('unheard_out.png')).toEqual([32, 32, 3]);
  });
});
