import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  openPipeline,
  readImage,
  writeImage,
  type FilePipeline,
  type FileRequest,
  type GeneratedFile,
  type GenerateFilesOptions,
} from 'nanosd/node';
import { createImage, gaussianNoise, readPngTexts } from 'nanosd';
import { writeTinyCheckpoint } from './tinyPipeline.js';

let root: string;
let pipeline: FilePipeline;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-generation-'));
  await writeTinyCheckpoint(join(root, 'tiny'));
  pipeline = await openPipeline(join(root, 'tiny'));
});
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const unsized: FileRequest = { prompt: 'a cat', seeds: [1], steps: 2 };
const request: FileRequest = { ...unsized, size: { width: 24, height: 16 } };

async function generate(
  names: readonly string[],
  changes: Partial<FileRequest> = {},
  options: GenerateFilesOptions = {},
): Promise<GeneratedFile[]> {
  const files: GeneratedFile[] = [];
  const outputs = names.map((name) => join(root, name));
  for await (const file of pipeline.generateFiles({ ...request, ...changes }, outputs, options)) {
    files.push(file);
  }
  return files;
}

describe('a pipeline of files', () => {
  it('writes a picture a seed, the same bytes for the same seed', async () => {
    const files = await generate(['a.png', 'b.png'], { seeds: [1, 2] });
    expect(files).toMatchObject([
      { path: join(root, 'a.png'), seed: 1, width: 24, height: 16 },
      { path: join(root, 'b.png'), seed: 2 },
    ]);
    await generate(['again.png'], { seeds: [2] });
    const [a, b, again] = await Promise.all(
      ['a.png', 'b.png', 'again.png'].map((name) => readFile(join(root, name))),
    );
    expect(again.equals(b)).toBe(true);
    expect(a.equals(b)).toBe(false);
  });

  it('writes into the file how it was made', async () => {
    await generate(['text.png'], { negativePrompt: 'a dög', scheduler: 'euler' });
    const texts = readPngTexts(await readFile(join(root, 'text.png')));
    expect(texts.get('parameters')).toBe(
      'a cat\nNegative prompt: a dög\n' +
        'Steps: 2, Sampler: Euler, CFG scale: 7.5, Seed: 1, Size: 24x16, Model: tiny',
    );
    expect(await generate(['other.jpg'])).toHaveLength(1);
  });

  it('starts from a picture, in its size or another', async () => {
    const source = join(root, 'source.png');
    const data = gaussianNoise([3, 18, 27], 1).data.map((x) => 0.5 + x / 10);
    await writeImage(source, createImage(27, 18, 3, data));
    const from = { source: { path: source, strength: 0.5 } };
    const outputs = [join(root, 'from.png')];
    for await (const file of pipeline.generateFiles({ ...unsized, ...from }, outputs)) {
      expect(file).toMatchObject({ width: 28, height: 20 });
    }
    const [cut] = await generate(['cut.png'], { ...from, size: { width: 8, height: 16 } });
    expect(cut).toMatchObject({ width: 8, height: 16 });
    const texts = readPngTexts(await readFile(cut.path));
    expect(texts.get('parameters')).toContain('Denoising strength: 0.5');
  });

  it('is of the size that the checkpoint was trained on unless told', async () => {
    const outputs = [join(root, 'default.png')];
    for await (const file of pipeline.generateFiles({ ...unsized, steps: 1 }, outputs)) {
      // tinyFiles does not say, so it is 64 cells of 4 pixels.
      expect(file).toMatchObject({ width: 256, height: 256 });
    }
  });

  it('shows previews while it works, and leaves none behind', async () => {
    const preview = join(root, 'preview.png');
    const sizes: string[] = [];
    const onProgress = async (): Promise<void> => {
      const image = await readImage(preview).catch(() => undefined);
      if (image) sizes.push(`${image.width}x${image.height}`);
    };
    await generate(
      ['shown.png'],
      { steps: 12, seeds: [1] },
      { preview, onProgress: () => void onProgress() },
    );
    expect(new Set(sizes)).toEqual(new Set(['24x16']));
    expect(await readdir(root)).not.toContain('preview.png');
  });

  it('writes nothing when aborted', async () => {
    const folder = join(root, 'aborted');
    await mkdir(folder);
    const controller = new AbortController();
    const options: GenerateFilesOptions = {
      signal: controller.signal,
      preview: join(folder, 'preview.png'),
      onProgress: ({ step }) => {
        if (step === 1) controller.abort(new Error('enough'));
      },
    };
    await expect(generate(['aborted/a.png'], {}, options)).rejects.toThrow('enough');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('before any work, a pipeline of files refuses', () => {
  it.each<[string, readonly string[], Partial<FileRequest>, RegExp]>([
    ['a size', ['x.png'], { size: { width: 25, height: 16 } }, /the nearest is 24x16/],
    ['a name', ['x.txt'], {}, /x\.txt: expected a name that ends in/],
    ['a folder', ['nowhere/x.png'], {}, /nowhere does not exist/],
    ['a count', ['x.png', 'y.png'], {}, /expected 1 files to write, one a seed, got 2/],
    [
      'a source',
      ['x.png'],
      { source: { path: join(tmpdir(), 'no-such.png'), strength: 1 } },
      /no-such\.png/,
    ],
  ])('%s that cannot be', async (_, names, changes, message) => {
    await expect(generate(names, changes)).rejects.toThrow(message);
  });

  it('more than the memory holds, saying how much it takes', async () => {
    const attempt = generate(['x.png'], {}, { maxMemory: 1e6 });
    await expect(attempt).rejects.toMatchObject({ name: 'MemoryError' });
    await expect(attempt).rejects.toThrow(
      /^expected \d+ MB of memory to make a picture of 24x16 pixels, got 1 MB$/,
    );
  });

  it('a tokenizer that has more tokens than the text encoder knows, or none', async () => {
    const path = join(root, 'wide');
    await writeTinyCheckpoint(path);
    await writeFile(join(path, 'tokenizer', 'added_tokens.json'), '{ "<style>": 514 }');
    await expect(openPipeline(path)).rejects.toThrow(
      /wide\/tokenizer: expected at most 514 tokens \(vocab_size of the text encoder\), got 515/,
    );
    await expect(openPipeline(join(root, 'nothing'))).rejects.toMatchObject({ name: 'ModelError' });
  });
});
