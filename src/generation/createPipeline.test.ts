import { afterAll, describe, expect, it } from 'vitest';
import { sd15Scheduler, tinyParts, tinyUnet } from '../../test/generation/tinyPipeline.js';
import { schedulerNames } from '../diffusion/index.js';
import { createImage, type Image } from '../image/index.js';
import { createNodeExecutor } from '../runtime/ort-node.js';
import { elementCount, gaussianNoise, tensor } from '../tensor/index.js';
import {
  createPipeline,
  type GenerateOptions,
  type GenerationProgress,
  type GenerationRequest,
} from './index.js';

const executor = createNodeExecutor();
const pipeline = createPipeline(tinyParts(executor));
afterAll(() => pipeline[Symbol.asyncDispose]());

const request: GenerationRequest = {
  prompt: 'a cat',
  size: { width: 16, height: 8 },
  seeds: [1],
  steps: 3,
};

async function generate(
  changes: Partial<GenerationRequest> = {},
  options: GenerateOptions = {},
  from = pipeline,
): Promise<Image[]> {
  const images: Image[] = [];
  for await (const { image } of from.generate({ ...request, ...changes }, options)) {
    images.push(image);
  }
  return images;
}

function largestDifference(a: Image, b: Image): number {
  return a.data.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b.data[i])), 0);
}

describe('a pipeline', () => {
  it('makes a picture for each seed, of the size asked for', async () => {
    const [first, second] = await generate({ seeds: [1, 2] });
    expect([first.width, first.height, first.channels]).toEqual([16, 8, 3]);
    expect(first.data.every((x) => x >= 0 && x <= 1)).toBe(true);
    expect(largestDifference(first, second)).toBeGreaterThan(0.01);
  });

  it('makes the same picture of the same request, whatever else it made', async () => {
    const [first] = await generate();
    await generate({ prompt: 'another', size: { width: 8, height: 8 } });
    const [, again] = await generate({ seeds: [7, 1] });
    expect(again.data).toEqual(first.data);
  });

  it('listens to the prompt, the negative prompt and the guidance', async () => {
    const [plain] = await generate();
    for (const changes of [
      { prompt: 'a dog' },
      { negativePrompt: 'bad' },
      { guidanceScale: 2 },
      { guidanceScale: 1 },
    ]) {
      const [other] = await generate(changes);
      expect(largestDifference(plain, other)).toBeGreaterThan(1e-4);
    }
    const [unguided] = await generate({ guidanceScale: 1 });
    const [negative] = await generate({ guidanceScale: 1, negativePrompt: 'bad' });
    expect(negative.data).toEqual(unguided.data);
  });

  it('guides the same in one run as in two', async () => {
    const [sequential] = await generate({}, { plan: { guidance: 'sequential', residency: 'all' } });
    const [batched] = await generate({}, { plan: { guidance: 'batched', residency: 'all' } });
    // To the last bit, so that what memory there is does not show in the picture.
    expect(batched.data).toEqual(sequential.data);
  });

  it.each(schedulerNames)('runs %s, which goes its own way', async (scheduler) => {
    const [image] = await generate({ scheduler });
    expect(image.data.every(Number.isFinite)).toBe(true);
    const [again] = await generate({ scheduler });
    expect(again.data).toEqual(image.data);
  });

  it('keeps the more of a picture that it starts from, the smaller the strength', async () => {
    const picture = (seed: number): Image => {
      const data = gaussianNoise([3, 8, 16], seed).data;
      return createImage(
        16,
        8,
        3,
        data.map((x) => 0.5 + x / 10),
      );
    };
    const apart = async (strength: number): Promise<number> => {
      const common = { steps: 10, scheduler: 'ddim' } as const;
      const [a] = await generate({ ...common, source: { image: picture(3), strength } });
      const [b] = await generate({ ...common, source: { image: picture(4), strength } });
      return largestDifference(a, b);
    };
    const [weak, medium, strong] = [await apart(0.1), await apart(0.5), await apart(1)];
    expect(weak).toBeGreaterThan(medium);
    expect(medium).toBeGreaterThan(strong);
  });

  it('says how far it is, and shows what it is going to be', async () => {
    const steps: GenerationProgress[] = [];
    const previews: Image[] = [];
    await generate(
      { seeds: [1, 2], steps: 2, scheduler: 'ddim' },
      { onProgress: (p) => steps.push(p), onPreview: (image) => previews.push(image) },
    );
    const expected = [0, 1].flatMap((image) =>
      [0, 1, 2].map((step) => ({ image, images: 2, step, steps: 2 })),
    );
    expect(steps).toEqual(expected);
    expect(previews.map(({ width, height }) => [width, height])).toEqual(
      new Array<number[]>(4).fill([4, 2]),
    );
  });

  it('stops between steps when aborted', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const attempt = generate(
      { steps: 5 },
      {
        signal: controller.signal,
        onProgress: ({ step }) => {
          steps.push(step);
          if (step === 2) controller.abort(new Error('enough'));
        },
      },
    );
    await expect(attempt).rejects.toThrow('enough');
    expect(steps).toEqual([0, 1, 2]);
    expect(await generate()).toHaveLength(1);
  });

  it('names the words that there is no room for', async () => {
    const truncated: string[] = [];
    await generate({ prompt: 'a black cat' }, { onTruncated: (words) => truncated.push(words) });
    expect(truncated).toEqual([' cat']);
  });
});

describe('a pipeline refuses', () => {
  it.each<[string, Partial<GenerationRequest>, string]>([
    ['sides', { size: { width: 15, height: 6 } }, /15x6; the nearest is 16x8/.source],
    ['seeds', { seeds: [1.5] }, 'expected whole seeds of 0 to 4294967295, got 1.5'],
    ['no seeds', { seeds: [] }, 'expected whole seeds of 0 to 4294967295, got none'],
    ['steps', { steps: 0 }, 'expected 1 to 1000 steps, got 0'],
    ['guidance', { guidanceScale: NaN }, 'expected a number for the guidance, got NaN'],
    [
      'a source of another size',
      { source: { image: createImage(4, 4, 3), strength: 0.5 } },
      'expected a picture of 16x8 to start from, got 4x4',
    ],
    [
      'strengths',
      { source: { image: createImage(16, 8, 3), strength: 1.5 } },
      'expected a strength above 0 and at most 1, got 1.5',
    ],
  ])('%s that cannot be', async (_, changes, message) => {
    await expect(generate(changes)).rejects.toThrow(message);
    await expect(generate(changes)).rejects.toThrow(RangeError);
  });

  it('parts that do not fit', async () => {
    const parts = tinyParts(executor);
    expect(() => createPipeline({ ...parts, unet: { ...tinyUnet, inChannels: 9 } })).toThrow(
      "expected a U-Net of 4 channels in and out, as the VAE's latents have, got one of 9 and 4",
    );
    const wide = createPipeline({ ...parts, unet: { ...tinyUnet, crossAttentionDim: 16 } });
    await expect(generate({}, {}, wide)).rejects.toThrow(
      'expected prompts of width 16 (cross_attention_dim), got 12',
    );
  });

  it.each([
    ['unet', 'the U-Net in step 1 of 4'],
    ['vae', "the VAE's decoder"],
  ])('to go on when the %s gives no numbers', async (which, name) => {
    const parts = tinyParts(executor);
    await using broken = createPipeline({
      ...parts,
      load: async (component, graph) => {
        const session = await parts.load(component, graph);
        if (component !== which) return session;
        const run: typeof session.run = async (feeds, options) => {
          const outputs = Object.entries(await session.run(feeds, options));
          const damaged = outputs.map(([key, { shape }]) => {
            const data = new Float32Array(elementCount(shape)).fill(NaN);
            return [key, tensor('float32', shape, data)] as const;
          });
          return Object.fromEntries(damaged);
        };
        return { ...session, run };
      },
    });
    await expect(generate({}, {}, broken)).rejects.toThrow(
      `expected numbers from ${name}, got NaN or infinity: its weights are damaged`,
    );
  });
});

describe('networks', () => {
  it('stay loaded, but for the text encoder, which meets a prompt once', async () => {
    const parts = tinyParts(executor, { ...sd15Scheduler, _class_name: 'DDIMScheduler' });
    await using all = createPipeline(parts);
    await generate({ seeds: [1, 2] }, {}, all);
    await generate({}, {}, all);
    expect(parts.loads).toEqual(['text', 'unet 2x4x2x4', 'vae 1x4x2x4']);
    await generate({ prompt: 'new', size: { width: 8, height: 8 } }, {}, all);
    expect(parts.loads.slice(3)).toEqual(['text', 'unet 2x4x2x2', 'vae 1x4x2x2']);
  });

  it('make room for each other where memory is short, to the same result', async () => {
    const parts = tinyParts(executor);
    await using one = createPipeline(parts);
    const images = await generate(
      { seeds: [1, 2] },
      { plan: { guidance: 'batched', residency: 'one' } },
      one,
    );
    const round = ['unet 2x4x2x4', 'vae 1x4x2x4'];
    expect(parts.loads).toEqual(['text', ...round, ...round]);
    const kept = await generate({ seeds: [1, 2] });
    expect(images[1].data).toEqual(kept[1].data);
  });
});
