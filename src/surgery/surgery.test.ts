import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createInterpreter, graphCost, type Graph } from '../graph/index.js';
import { nanosdUnet, stagedUnetParams, stagesOfUnet2D, unet2DCondition } from '../models/index.js';
import { Random, tensor, toFloat64, type Tensor, type Weights } from '../tensor/index.js';
import { matchWeights, sourceOf, type TensorSource } from '../weights/index.js';
import { cutUnet, inheritedLayers } from './cutUnet.js';
import { inheritedKey, inheritUnet } from './inheritUnet.js';
import { narrowUnet } from './narrowUnet.js';
import { spaceCost } from './spaceCost.js';
import {
  allStages,
  formatStages,
  parseStages,
  stageNames,
  stageOptions,
  teacherStages,
} from './stages.js';

const sd15 = {
  inChannels: 4,
  outChannels: 4,
  flipSinToCos: true,
  freqShift: 0,
  blockOutChannels: [320, 640, 1280, 1280],
  layersPerBlock: [2, 2, 2, 2],
  heads: [8, 8, 8, 8],
  downAttention: [true, true, true, false],
  upAttention: [true, true, true, false],
  midBlock: true,
  normNumGroups: 32,
  normEps: 1e-5,
  crossAttentionDim: 768,
};
const small = {
  ...sd15,
  blockOutChannels: [8, 16, 24, 24],
  heads: [2, 2, 2, 2],
  normNumGroups: 4,
  crossAttentionDim: 12,
};
const size = { batch: 1, height: 8, width: 8, contextTokens: 5 };
const teacher = stagesOfUnet2D(small);
const original = parseStages('RARA RARA RARA RARARA RARARA RARARA');
const anyStages = fc
  .tuple(...stageNames.map((name) => fc.constantFrom(...stageOptions[name])))
  .map((strings) => parseStages(strings.join(' ')));

let weights: Weights;
let feeds: Record<string, Tensor>;

beforeAll(() => {
  const random = Random.seeded(4);
  const draw = (shape: readonly number[]) =>
    tensor('float32', shape, random.normals(shape.reduce((a, n) => a * n, 1)));
  const { params, inputs } = unet2DCondition(small, size);
  weights = new Map(
    params.map(({ name, shape }) => {
      const { data } = draw(shape);
      return [
        name,
        tensor(
          'float32',
          shape,
          data.map((x) => 0.2 * x),
        ),
      ];
    }),
  );
  feeds = Object.fromEntries(inputs.map(({ name, shape }) => [name, draw(shape)]));
});

async function run(graph: Graph, its: Weights): Promise<Float64Array> {
  await using session = await createInterpreter().load(graph, its);
  return toFloat64((await session.run(feeds)).out_sample);
}

async function readAll(source: TensorSource): Promise<Weights> {
  const names = [...source.entries.keys()];
  return new Map(
    await Promise.all(names.map(async (name) => [name, await source.read(name)] as const)),
  );
}

describe('the design space', () => {
  it('has 32,768 networks, each written and read alike', () => {
    const all = [...allStages()].map(formatStages);
    expect(new Set(all).size).toBe(32_768);
    expect(formatStages(parseStages(all[12_345]))).toBe(all[12_345]);
  });

  it.each([
    ['R R R R R', 'expected 6 stages (E1 E2 E3 D3 D2 D1), got 5: "R R R R R"'],
    ['R R AR R R R', 'E3: expected one of R, RA, RR, RARA, got "AR"'],
  ])('refuses %s', (text, message) => {
    expect(() => parseStages(text)).toThrow(message);
  });

  it.each([
    ['R R R R R R', 128.9, 96.4],
    ['R R R RR R R', 169.9, 106.4],
    ['R R RR R R R', 160, 103.9],
    ['R R R R R RA', 131.4, 115.7],
  ])('%s at SD 1.5 widths has %f M parameters and %f GMAC', (text, millions, gmac) => {
    const config = cutUnet(stagesOfUnet2D(sd15), parseStages(text), 'dropped');
    const picture = { batch: 1, height: 64, width: 64, contextTokens: 77 };
    const { parameters, macs } = graphCost(nanosdUnet(config, picture));
    expect(parameters / 1e6).toBeCloseTo(millions, 1);
    expect(macs / 1e9).toBeCloseTo(gmac, 1);
  });

  it('costs every network as its graph says, without building it', () => {
    const sides = { batch: 1, height: 64, width: 64, contextTokens: 77 };
    const costOf = spaceCost(stagesOfUnet2D(sd15), sides);
    const sample = fc.sample(anyStages, { numRuns: 5, seed: 3 });
    for (const stages of sample) {
      const graph = nanosdUnet(cutUnet(stagesOfUnet2D(sd15), stages, 'dropped'), sides);
      const { parameters, macs } = graphCost(graph);
      expect(costOf(stages)).toEqual({ parameters, macs });
    }
    const parameters = [...allStages()].map((stages) => costOf(stages).parameters);
    expect(Math.min(...parameters) / 1e6).toBeCloseTo(128.9, 1);
    expect(Math.max(...parameters)).toBe(costOf(teacherStages).parameters);
  });
});

describe('inheriting', () => {
  it('gives the teacher itself where nothing is cut', async () => {
    const student = cutUnet(teacher, original, 'kept');
    const inherited = await readAll(
      inheritUnet({ config: teacher, weights: sourceOf(weights) }, student),
    );
    const expected = await run(unet2DCondition(small, size), weights);
    expect(await run(nanosdUnet(student, size), inherited)).toEqual(expected);
  });

  it('asks for exactly what the student has, whatever is cut and however narrow', async () => {
    const source = sourceOf(weights);
    const widths = fc.constantFrom(0.5, 0.75, 1);
    const coarsest = fc.constantFrom('dropped' as const, 'kept' as const);
    await fc.assert(
      fc.asyncProperty(anyStages, coarsest, widths, async (stages, kept, width) => {
        const student = narrowUnet(cutUnet(teacher, stages, kept), width);
        const inherited = await readAll(inheritUnet({ config: teacher, weights: source }, student));
        matchWeights(stagedUnetParams(student), inherited);
      }),
      { numRuns: 40 },
    );
  });

  it('a student runs', async () => {
    const student = narrowUnet(cutUnet(teacher, parseStages('RA R RR RRA RR R'), 'dropped'), 0.5);
    const inherited = await readAll(
      inheritUnet({ config: teacher, weights: sourceOf(weights) }, student),
    );
    const out = await run(nanosdUnet(student, size), inherited);
    expect(out.every(Number.isFinite)).toBe(true);
    expect(out.some((x) => x !== 0)).toBe(true);
  });

  it('takes the outer two of three decoder layers, and D3 from the block after D4', () => {
    expect([1, 2, 3].map((layers) => inheritedLayers(layers, 3))).toEqual([[0], [0, 2], [0, 1, 2]]);
    const student = cutUnet(teacher, parseStages('R R R RR R R'), 'dropped');
    const key = (name: string) => inheritedKey(teacher, student, name);
    expect(key('up_blocks.0.resnets.1.conv1.weight')).toBe('up_blocks.1.resnets.2.conv1.weight');
    expect(key('up_blocks.2.resnets.0.norm1.bias')).toBe('up_blocks.3.resnets.0.norm1.bias');
    expect(key('conv_in.weight')).toBe('conv_in.weight');
  });

  it('keeps, of a narrower network, the first channels of what flows and of what is skipped', async () => {
    const student = narrowUnet(cutUnet(teacher, original, 'dropped'), 0.5);
    const name = 'up_blocks.2.resnets.0.norm1.weight';
    const source = inheritUnet({ config: teacher, weights: sourceOf(weights) }, student);
    const whole = toFloat64(await sourceOf(weights).read('up_blocks.3.resnets.0.norm1.weight'));
    // D1's first resnet: 16 channels from D2, 8 from E1; of each the first half.
    const expected = [...whole.slice(0, 8), ...whole.slice(16, 20)];
    expect([...toFloat64(await source.read(name))]).toEqual(expected);
  });

  it('names what a teacher lacks', () => {
    const student = cutUnet(teacher, original, 'dropped');
    expect(() => inheritUnet({ config: teacher, weights: sourceOf(new Map()) }, student)).toThrow(
      /expected a teacher with weights for time_embedding.linear_1.weight .* and \d+ more/,
    );
    expect(() => narrowUnet(student, 0)).toThrow('expected a width above 0 and at most 1, got 0');
  });
});
