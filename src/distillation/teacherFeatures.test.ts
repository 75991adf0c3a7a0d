import { beforeAll, describe, expect, it } from 'vitest';
import { createInterpreter, type Feeds } from '../graph/index.js';
import { stagesOfUnet2D, type Unet2DConditionConfig } from '../models/index.js';
import { inheritUnet, stageNames, teacherStages, type StageName } from '../surgery/index.js';
import {
  elementCount,
  float32,
  Random,
  tensor,
  type Tensor,
  type Weights,
} from '../tensor/index.js';
import { sourceOf } from '../weights/index.js';
import { surrogateErrorGraph, surrogateLossGraph, targetName } from './featureLoss.js';
import { surrogateUnet, type Surrogate } from './surrogate.js';
import { relativeErrors } from './surrogateReport.js';
import {
  featureNames,
  promptFeature,
  stageFeatures,
  teacherFeatureGraph,
} from './teacherFeatures.js';

const config: Unet2DConditionConfig = {
  ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0 },
  ...{ blockOutChannels: [8, 8, 16, 16], layersPerBlock: [2, 2, 2, 2], heads: [2, 2, 2, 2] },
  downAttention: [true, true, true, false],
  upAttention: [true, true, true, false],
  ...{ midBlock: true, normNumGroups: 4, normEps: 1e-5, crossAttentionDim: 6 },
};
const teacher = stagesOfUnet2D(config);
const size = { batch: 1, height: 8, width: 8, contextTokens: 2 };
const names = featureNames(teacher, stageNames);
const graph = teacherFeatureGraph(config, size, names);

let weights: Weights;
let features: Feeds;

beforeAll(async () => {
  const random = Random.seeded(7);
  const draw = (shape: readonly number[], scale: number): Tensor =>
    tensor(
      'float32',
      shape,
      random.normals(elementCount(shape)).map((x) => x * scale),
    );
  weights = new Map(graph.params.map(({ name, shape }) => [name, draw(shape, 0.2)]));
  const feeds: Record<string, Tensor> = {
    sample: draw([1, 4, 8, 8], 1),
    timestep: float32([1], [300]),
    [promptFeature]: draw([1, 2, 6], 1),
  };
  await using session = await createInterpreter().load(graph, weights);
  features = { ...(await session.run(feeds)), [promptFeature]: feeds[promptFeature] };
});

/** What a surrogate with the weights that it inherits is wrong by. */
async function inheritedErrors(surrogate: Surrogate): Promise<ReturnType<typeof relativeErrors>> {
  const network = surrogateErrorGraph(teacher, surrogate, size);
  // The whole network's weights are asked for, so that what is no part of the features is added.
  const source = inheritUnet(
    { config: teacher, weights: sourceOf(withEnds(weights)) },
    surrogateUnet(teacher, surrogate),
  );
  const inherited = new Map<string, Tensor>();
  for (const { name } of network.params) inherited.set(name, await source.read(name));
  const { inputs, targets } = stageFeatures(teacher, surrogate.stage);
  const feeds = Object.fromEntries(
    network.inputs.map(({ name }) => {
      const feature = inputs[name] ?? targets[name.replace(targetName(''), '')];
      return [name, features[feature]];
    }),
  );
  await using session = await createInterpreter().load(network, inherited);
  const sums = Object.entries(await session.run(feeds));
  return relativeErrors(new Map(sums.map(([name, { data }]) => [name, Number(data[0])])));
}

function withEnds(held: Weights): Weights {
  const ends: [string, Tensor][] = [
    ['conv_norm_out.weight', float32([8], new Float32Array(8))],
    ['conv_norm_out.bias', float32([8], new Float32Array(8))],
    ['conv_out.weight', float32([4, 8, 3, 3], new Float32Array(288))],
    ['conv_out.bias', float32([4], new Float32Array(4))],
  ];
  return new Map([...held, ...ends]);
}

describe("the teacher's features", () => {
  it('are those of three kept levels and what lies between, each once', () => {
    expect([...names].sort()).toEqual([
      'conv_in',
      ...[0, 1].flatMap((i) => [
        `down_blocks.${i}.hidden`,
        `down_blocks.${i}.res.0`,
        `down_blocks.${i}.res.1`,
      ]),
      ...['down_blocks.2.res.0', 'down_blocks.2.res.1', 'time_embedding'],
      ...['up_blocks.1', 'up_blocks.2', 'up_blocks.3'],
    ]);
    expect(graph.params.some(({ name }) => name.startsWith('conv_out'))).toBe(false);
  });

  it.each<[StageName, number]>([
    ['E1', 3],
    ['E2', 3],
    ['E3', 2],
    ['D2', 1],
    ['D1', 1],
  ])(
    'are what %s reads and gives: with its own option and weights a stage is not wrong at all',
    async (stage, outputs) => {
      const errors = await inheritedErrors({ stage, option: teacherStages[stage] });
      expect(Object.keys(errors.outputs)).toHaveLength(outputs);
      expect(errors.all).toBeLessThan(1e-10);
    },
  );

  it('D3 stands for more than itself, and E1-R for two layers less', async () => {
    const errors = await inheritedErrors({ stage: 'D3', option: 'RARARA' });
    expect(errors.all).toBeGreaterThan(1e-3);
    // Its one resnet gives the first layer's output but for the transformer after it.
    const { outputs } = await inheritedErrors({ stage: 'E1', option: 'RA' });
    expect(outputs['skip.1']).toBeLessThan(1e-10);
    expect(outputs['skip.0']).toBeGreaterThan(1e-3);
  });
});

describe('surrogateLossGraph', () => {
  const surrogate: Surrogate = { stage: 'E2', option: 'R' };
  const pictures = { ...size, batch: 2 };
  const network = surrogateLossGraph(teacher, surrogate, pictures, 'mse');
  const errors = surrogateErrorGraph(teacher, surrogate, pictures);

  it('mse is the error of the error graph, a value, averaged over the outputs', async () => {
    const random = Random.seeded(3);
    const draw = ({ name, shape }: { name: string; shape: readonly number[] }) =>
      [
        name,
        float32(
          shape,
          random.normals(elementCount(shape)).map((x) => 0.3 * x),
        ),
      ] as const;
    const its = new Map(network.params.map(draw));
    const feeds = Object.fromEntries(network.inputs.map(draw));
    await using loss = await createInterpreter().load(network, its);
    await using error = await createInterpreter().load(errors, its);
    const sums = await error.run(feeds);
    const outputs = Object.keys(stageFeatures(teacher, 'E2').targets);
    const mean = outputs.reduce((sum, name) => {
      const values = elementCount(feeds[targetName(name)].shape);
      return sum + Number(sums[`error:${name}`].data[0]) / values / outputs.length;
    }, 0);
    expect(Number((await loss.run(feeds)).loss.data[0])).toBeCloseTo(mean, 6);
  });
});
