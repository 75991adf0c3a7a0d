import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createNodeExecutor,
  openForeignNetwork,
  openRestorerModel,
  readRestorerModelWeights,
  readOnnxModel,
  readSafetensorsFile,
  writeOnnxModel,
} from '../../src/node.js';
import type { ForeignNetwork } from '../../src/models/index.js';
import { createWebExecutor } from '../../src/runtime/ort-web.js';
import { createImage, psnr, type Image } from '../../src/image/index.js';
import { createRestorer, type Restorer } from '../../src/restoration/index.js';
import { float32, Random, toFloat32, type Tensor } from '../../src/tensor/index.js';

const folder = fileURLToPath(new URL('goldens/', import.meta.url));

interface Golden {
  readonly files: readonly string[];
  readonly sigma: number | null;
  readonly inputShape: readonly number[];
  readonly input: string;
  readonly output: string;
}
const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const cases = read('cases.json') as Readonly<Record<string, Golden>>;
const numbers = (text: string): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);

/** In Node, and in WebAssembly as browsers run it. */
const executors = {
  node: () => Promise.resolve(createNodeExecutor({ threads: 1 })),
  wasm: () => createWebExecutor({ device: 'wasm', threads: 1 }),
} as const;
type ExecutorName = keyof typeof executors;
const names = Object.keys(executors) as ExecutorName[];

/** The largest difference between what a network makes of a golden's input and its output. */
async function largestError(
  network: ForeignNetwork,
  input: Tensor,
  wanted: Float32Array,
  name: ExecutorName = 'node',
): Promise<number> {
  const [batch, , height, width] = input.shape;
  const executor = await executors[name]();
  await using session = await executor.load(
    network.graph({ batch, height, width }),
    network.weights,
  );
  const { out_sample: out } = await session.run({ sample: input });
  const got = toFloat32(out);
  expect(got.length).toBe(wanted.length);
  return wanted.reduce((largest, value, i) => Math.max(largest, Math.abs(value - got[i])), 0);
}

/** As `openRestorer` does, in this thread. */
async function openRestorer(path: string): Promise<Restorer> {
  const model = await openRestorerModel(path);
  const sets = await readRestorerModelWeights(model);
  const executor = createNodeExecutor({ threads: 1 });
  return createRestorer({ executor, config: model.config, ...sets });
}

/** Noise: what tells most of a network's seams. */
function noise(width: number, height: number, channels = 3): Image {
  const random = Random.seeded(4);
  const data = Float32Array.from({ length: width * height * channels }, () => random.uniform());
  return createImage(width, height, channels, data);
}

describe('networks of other programs, recognised by their keys', () => {
  const each = Object.entries(cases).flatMap(([name, one]) =>
    one.files.flatMap((file) => names.map((executor) => ({ name, file, executor, ...one }))),
  );
  it.each(each)('$file computes in $executor what PyTorch does', async (one) => {
    const { file, sigma, executor, ...golden } = one;
    const options = sigma === null ? {} : { noiseLevel: sigma };
    const network = await openForeignNetwork(join(folder, file), options);
    const wanted = numbers(golden.output);
    const input = float32(golden.inputShape, numbers(golden.input));
    const scale = Math.max(1, ...wanted.map(Math.abs));
    const error = await largestError(network, input, wanted, executor);
    expect(error).toBeLessThan(1e-5 * scale);
  });

  it('says what each of them is', async () => {
    const facts = async (file: string) => {
      const { architecture, scale, inChannels } = await openForeignNetwork(join(folder, file));
      return `${architecture} x${scale} of ${inChannels}`;
    };
    expect(await facts('compact-x4.pth')).toBe('SRVGGNetCompact x4 of 3');
    expect(await facts('rrdb-x1-unshuffle.pth')).toBe('RRDBNet x1 of 3');
    expect(await facts('rrdb-plus-x4-first.pth')).toBe('RRDBNet (ESRGAN+) x4 of 3');
    expect(await facts('span-x2.pth')).toBe('SPAN x2 of 3');
    expect(await facts('dncnn-norm-gray.pth')).toBe('DnCNN x1 of 1');
    expect(await facts('ffdnet.pth')).toBe('FFDNet x1 of 3');
  });

  it('refuses weights of another network in one line', async () => {
    await expect(openForeignNetwork(join(folder, 'run.pth'))).rejects.toThrow(
      /run\.pth: expected the weights of SRVGGNetCompact, .*, got 10 weights such as matrix, /,
    );
    await expect(openForeignNetwork(join(folder, 'none.pth'))).rejects.toThrow('no such file');
    await expect(openForeignNetwork(join(folder, 'cases.json'))).rejects.toThrow('cases.json: ');
    await expect(
      openForeignNetwork(join(folder, 'fdncnn.pth'), { noiseLevel: 300 }),
    ).rejects.toThrow('expected a noise level from 0 to 255, got 300');
  });
});

const teachers = fileURLToPath(new URL('../../../shared/teachers/', import.meta.url));
describe.skipIf(!existsSync(teachers))(
  'published networks (skipped where ../shared is not)',
  () => {
    it.each(['realesr-general-x4v3', 'fdncnn-color', 'gd-color-blind', 'dncnn3', 'ffdnet-color'])(
      '%s computes what PyTorch does',
      async (name) => {
        const { tensors } = await readSafetensorsFile(join(teachers, name, 'golden.safetensors'));
        const [input, output, sigma] = ['input', 'output', 'sigma'].map((key) => tensors.get(key));
        if (!input || !output) throw new Error('expected a golden');
        const options = sigma ? { noiseLevel: 255 * toFloat32(sigma)[0] } : {};
        const network = await openForeignNetwork(
          join(teachers, name, 'model.safetensors'),
          options,
        );
        const [n, , height, width] = input.shape;
        const shape = [n, network.inChannels, height, width];
        const picture = toFloat32(input).slice(0, network.inChannels * height * width);
        const sample = float32(shape, picture);
        for (const executor of names) {
          const error = await largestError(network, sample, toFloat32(output), executor);
          expect(error).toBeLessThan(1e-4);
        }
      },
    );
  },
);

describe('an ONNX file of PyTorch with free height and width', () => {
  const path = join(folder, 'dynamic-x2.onnx');

  it('is found to enlarge by two, for values from 0 to 1, and agrees', async () => {
    const network = await openForeignNetwork(path);
    expect(network).toMatchObject({ architecture: 'ONNX', scale: 2, inChannels: 3, multiple: 1 });
    expect(network).toMatchObject({ fixedSize: null, valueRange: [0, 1] });
    const golden = read('dynamic-x2.json') as Golden;
    const input = float32(golden.inputShape, numbers(golden.input));
    expect(await largestError(network, input, numbers(golden.output))).toBeLessThan(1e-5);
  });

  it('restores pictures of any size, and no seam is seen', async () => {
    await using restorer = await openRestorer(path);
    const picture = noise(97, 61);
    const whole = await restorer.restore(picture);
    const tiled = await restorer.restore(picture, { tile: 48 });
    expect([whole.width, whole.height]).toEqual([194, 122]);
    expect(psnr(tiled, whole)).toBeGreaterThan(50);
  });

  it('of one size does so too', async () => {
    await using restorer = await openRestorer(join(folder, 'static-x2.onnx'));
    const picture = noise(30, 11);
    const restored = await restorer.restore(picture);
    expect([restored.width, restored.height]).toEqual([60, 22]);
  });
});

describe('a network of another program', () => {
  let scratch = '';
  beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), 'foreign-'))));
  afterAll(() => rm(scratch, { recursive: true }));

  it('restores gray, colour and opacity, in one channel or three', async () => {
    for (const file of ['dncnn-norm-gray.pth', 'compact-x2-half.pth', 'ffdnet.pth']) {
      await using restorer = await openRestorer(join(folder, file));
      for (const channels of [1, 2, 3, 4]) {
        const picture = noise(9, 7, channels);
        const restored = await restorer.restore(picture);
        expect(restored.width).toBe(9 * restorer.scale);
        expect(restored.channels).toBe(channels);
      }
    }
  });

  it('is exported, and comes back as the same', async () => {
    const network = await openForeignNetwork(join(folder, 'span-x2.pth'));
    const path = join(scratch, 'span.onnx');
    await writeOnnxModel(path, network.graph({ batch: 1, height: 8, width: 8 }), network.weights);
    expect((await readOnnxModel(path)).weights.size).toBe(network.weights.size);
    const again = await openForeignNetwork(path);
    expect(again).toMatchObject({ scale: 2, fixedSize: { width: 8, height: 8 } });
  });

  it('is known by what it holds, not by what it is called', async () => {
    const path = join(scratch, 'model.safetensors');
    await copyFile(join(folder, 'compact-x4.pth'), path);
    expect((await openForeignNetwork(path)).scale).toBe(4);
  });
});
