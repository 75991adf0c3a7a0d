import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nanosd, writeTinyModel } from './nanosd.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'nanosd-bad-'));
  await writeTinyModel(join(cwd, 'model'));
  await writePictures();
  await writeBrokenModels();
  await mkdir(join(cwd, 'folder'));
  await mkdir(join(cwd, 'folder.png'));
  // The first run compiles a checkout that has changed; the others need not wait for it one by one.
  await nanosd(cwd, '--version');
}, 120_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function writePictures(): Promise<void> {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const picture = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: 'black', noise } });
  await picture(12, 9).png().toFile(join(cwd, 'photo.png'));
  await picture(120, 90).jpeg().toFile(join(cwd, 'truncated.jpg'));
  await truncate(join(cwd, 'truncated.jpg'), 2500);
  await writeFile(join(cwd, 'empty.png'), '');
  await writeFile(join(cwd, 'text.png'), 'this is no picture\n');
  const wide = { width: 30_000, height: 100, channels: 3, background: 'navy' } as const;
  await sharp({ create: wide }).png().toFile(join(cwd, 'wide.png'));
  const glass = { width: 8, height: 8, channels: 4, background: '#10203040' } as const;
  await sharp({ create: glass }).png().toFile(join(cwd, 'glass.png'));
}

async function writeBrokenModels(): Promise<void> {
  const weights = 'diffusion_pytorch_model.safetensors';
  const config = await readFile(join(cwd, 'model', 'config.json'));
  const bytes = await readFile(join(cwd, 'model', weights));
  for (const [name, json, data] of [
    ['corrupt', config, bytes.subarray(0, bytes.length - 100)],
    ['garbage', config, Buffer.alloc(4096, 7)],
    ['no-json', '{', bytes],
    ['misfit', config.toString().replace('"base_channels":8', '"base_channels":12'), bytes],
  ] as const) {
    await mkdir(join(cwd, name));
    await writeFile(join(cwd, name, 'config.json'), json);
    await writeFile(join(cwd, name, weights), data);
  }
}

const restore = (...args: string[]) => ['restore', ...args];
const into = (output: string, ...args: string[]) => ['-o', output, '-m', 'model', ...args];

/** What is wrong, the command line, and what the one line must say. */
const cases: readonly (readonly [what: string, args: string[], says: RegExp])[] = [
  ['a missing file', restore('gone.jpg', ...into('o.png')), /gone\.jpg: no such file/],
  [
    'a folder instead of a file',
    restore('folder', ...into('o.png')),
    /folder: expected a folder to restore to, got o\.png/,
  ],
  ['a truncated JPEG', restore('truncated.jpg', ...into('o.png')), /truncated\.jpg: .*damaged/],
  ['a zero-byte file', restore('empty.png', ...into('o.png')), /empty\.png: .*got no bytes/],
  [
    'a file that is no image',
    restore('text.png', ...into('o.png')),
    /text\.png: expected an image/,
  ],
  [
    'a wide image when memory is short',
    restore('wide.png', ...into('o.png', '--max-memory', '1GB')),
    /wide\.png: expected \d\.\d GB of memory to restore 30000x100 pixels to 120000x400, got 1\.0 GB/,
  ],
  [
    'an output that its format cannot hold',
    restore('wide.png', ...into('o.jpg', '--max-memory', '64GB')),
    /o\.jpg: expected sides of at most 65500 pixels .*, got 120000x400/,
  ],
  [
    'transparency that would be lost',
    restore('glass.png', ...into('o.jpg')),
    /o\.jpg: expected a format that holds transparency/,
  ],
  [
    'an unknown model',
    restore('photo.png', '-o', 'o.png', '-m', 'gone'),
    /gone: expected a folder with a config\.json/,
  ],
  [
    'corrupt weights',
    restore('photo.png', '-o', 'o.png', '-m', 'corrupt'),
    /corrupt\/diffusion_pytorch_model\.safetensors: .*truncated/,
  ],
  [
    'weights that are something else',
    restore('photo.png', '-o', 'o.png', '-m', 'garbage'),
    /garbage\/diffusion_pytorch_model\.safetensors: expected /,
  ],
  [
    'weights of another network',
    restore('photo.png', '-o', 'o.png', '-m', 'misfit'),
    /misfit\/.*misshapen: encoder\.conv_in\.weight: expected \[12, 3, 3, 3\], got \[8, 3, 3, 3\]/,
  ],
  [
    'a broken config',
    restore('photo.png', '-o', 'o.png', '-m', 'no-json'),
    /no-json\/config\.json: expected JSON/,
  ],
  [
    'an output folder that is not there',
    restore('photo.png', ...into('gone/o.png')),
    /gone\/o\.png: the folder gone does not exist/,
  ],
  [
    'an output that is a folder',
    restore('photo.png', ...into('folder.png')),
    /folder\.png: .*folder/,
  ],
  ['an output of no known kind', restore('photo.png', ...into('o.xyz')), /o\.xyz: .*ends in \.png/],
  ['the photo as output', restore('photo.png', ...into('photo.png')), /photo\.png: is the photo/],
  ['an unknown flag', restore('photo.png', ...into('o.png', '--gpu')), /unknown option '--gpu'/],
  [
    'an unknown device',
    restore('photo.png', ...into('o.png', '--device', 'abacus')),
    /expected a device of this machine \(.*cpu.*\), got abacus/,
  ],
  [
    'a scale that is none',
    restore('photo.png', ...into('o.png', '-s', '0')),
    /-s, --scale .*'0' is invalid\. Expected a number above 0/,
  ],
  [
    'a scale and a width',
    restore('photo.png', ...into('o.png', '-s', '2', '--width', '100')),
    /expected either -s or --width and --height, got both/,
  ],
  [
    'a result far smaller than the photo',
    restore('wide.png', ...into('o.png', '--width', '50')),
    /expected a result at least 0\.25 times as large .*, got 0\.00167 times/,
  ],
  [
    'an unknown format',
    restore('photo.png', '-m', 'model', '-f', 'psd'),
    /expected one of the formats png, .*, got psd/,
  ],
  [
    'a quality that is none',
    restore('photo.png', ...into('o.jpg', '--quality', '101')),
    /--quality .*'101' is invalid\. Expected a whole number from 1 to 100/,
  ],
  [
    'a folder of results that is a file',
    restore('photo.png', 'wide.png', ...into('model/config.json')),
    /model\/config\.json: expected a folder to write to/,
  ],
  [
    'a report in a folder that is not there',
    restore('photo.png', 'wide.png', ...into('folder', '--report', 'gone/report.json')),
    /gone\/report\.json: expected a folder gone that can be written to/,
  ],
  [
    'a photo below a file',
    restore('photo.png/below.png', ...into('o.png')),
    /photo\.png\/below\.png: a part of the path is not a directory/,
  ],
  ['a folder without a place for the results', restore('folder', '-m', 'model'), /folder: .* -o/],
  [
    'a folder without photos',
    restore('folder', ...into('results')),
    /folder: expected photos, got none/,
  ],
  [
    'an unknown task',
    restore('photo.png', '-o', 'o.png', '-t', 'fly'),
    /expected one of the tasks sr \(makes a photo larger; .*\), got fly/,
  ],
  [
    'a scale of one without a model for it',
    restore('photo.png', '-o', 'o.png', '-s', '1'),
    /expected a task that keeps the size for a scale of 1; the tasks are sr/,
  ],
  [
    'a fidelity for a model with one set of weights',
    restore('photo.png', ...into('o.png', '--fidelity', '0.5')),
    /model: expected no --fidelity, as the model has one set of weights, got 0.5/,
  ],
  [
    'a fidelity above one',
    restore('photo.png', ...into('o.png', '--fidelity', '1.5')),
    /--fidelity .*'1.5' is invalid\. Expected a number from 0 \(sharpest\) to 1/,
  ],
  [
    'an effort beside a model',
    restore('photo.png', ...into('o.png', '--effort', 'fast')),
    /expected either -m or --effort, which chooses a model, got both/,
  ],
  ['an evaluation of nothing', ['eval', '-m', 'model'], /expected --hr, the originals, or --lr/],
  [
    'a degradation that nobody knows',
    ['eval', '-m', 'model', '--hr', 'folder', '--degradation', 'fire'],
    /--degradation: expected a file or one of realesrgan, camera, .*, got fire/,
  ],
  [
    'a feature network that is none',
    ['eval', '-m', 'model', '--lr', 'folder', '--perceptual', 'gone'],
    /gone: no such file or folder/,
  ],
  [
    'a tile that is no number',
    restore('photo.png', ...into('o.png', '--tile', 'big')),
    /--tile .*'big' is invalid\. Expected a positive integer/,
  ],
  [
    'a tile that is all overlap',
    restore('wide.png', ...into('o.png', '--tile', '8')),
    /expected tiles of at least \d+ pixels a side, got 8/,
  ],
  ['a missing argument', restore(), /missing required argument 'photo'/],
  ['an unknown command', ['fly'], /unknown command 'fly'/],
  ['an unknown model to inspect', ['inspect', 'gone'], /gone: expected a folder/],
  ['an evaluation without pictures', ['eval', '-m', 'bicubic'], /expected --hr, the originals/],
  [
    'an evaluation of an empty folder',
    ['eval', '-m', 'bicubic', '--hr', 'folder'],
    /folder: expected images, got none/,
  ],
];

describe('bad input', () => {
  it.concurrent.each(cases)(
    '%s ends in one line and exit code 2',
    async (_, args, says) => {
      const { code, stdout, stderr } = await nanosd(cwd, ...args);
      expect(stderr).toMatch(/^nanosd: [^\n]+\n$/);
      expect(stderr).toMatch(says);
      expect(stdout).toBe('');
      expect(code).toBe(2);
    },
    120_000,
  );

  it('has written nothing', async () => {
    const inputs = ['photo.png', 'truncated.jpg', 'empty.png', 'text.png', 'wide.png', 'glass.png'];
    const models = ['model', 'corrupt', 'garbage', 'no-json', 'misfit'];
    expect((await readdir(cwd)).sort()).toEqual(
      [...inputs, ...models, 'folder', 'folder.png'].sort(),
    );
    expect(await readdir(join(cwd, 'folder'))).toEqual([]);
  });
});
