import { beforeAll, describe, expect, it } from 'vitest';
import { createInterpreter, type Graph } from '../graph/index.js';
import { foldedUnet, stagesOfUnet2D, unet2DCondition } from '../models/index.js';
import {
  elementCount,
  Random,
  tensor,
  toFloat64,
  type Tensor,
  type Weights,
} from '../tensor/index.js';
import { castSource, matchWeights, sourceOf, type TensorSource } from '../weights/index.js';
import { foldPromptEmbeddings } from './foldPromptEmbeddings.js';

const config = {
  inChannels: 4,
  outChannels: 4,
  flipSinToCos: true,
  freqShift: 0,
  blockOutChannels: [8, 16],
  layersPerBlock: [1, 1],
  heads: [2, 2],
  downAttention: [true, false],
  upAttention: [true, true],
  midBlock: true,
  normNumGroups: 4,
  normEps: 1e-5,
  crossAttentionDim: 12,
};
const size = { batch: 2, height: 6, width: 4, contextTokens: 5 };

const random = Random.seeded(2);
const draw = (shape: readonly number[], scale: number): Tensor => {
  const numbers = random.normals(elementCount(shape));
  return tensor(
    'float32',
    shape,
    numbers.map((x) => x * scale),
  );
};

let weights: Weights;
const prompt = draw([1, size.contextTokens, config.crossAttentionDim], 1);
const feeds = {
  sample: draw([2, 4, 6, 4], 1),
  timestep: tensor('float32', [2], Float32Array.of(7, 310.5)),
};

beforeAll(() => {
  const { params } = unet2DCondition(config, size);
  weights = new Map(params.map(({ name, shape }) => [name, draw(shape, 0.3)]));
});

async function run(graph: Graph, its: TensorSource, inputs: Record<string, Tensor>) {
  const read = [...its.entries.keys()].map(async (name) => [name, await its.read(name)] as const);
  await using session = await createInterpreter().load(graph, new Map(await Promise.all(read)));
  return toFloat64((await session.run(inputs)).out_sample);
}

describe('foldPromptEmbeddings', () => {
  it('gives the network that computes the same from the latent alone', async () => {
    const model = { config: stagesOfUnet2D(config), weights: sourceOf(weights) };
    const folded = foldPromptEmbeddings(model, prompt);
    const graph = foldedUnet(folded.config, size);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['sample', 'timestep']);
    matchWeights(graph.params, folded.weights.entries);

    const twice = Float32Array.from([...toFloat64(prompt), ...toFloat64(prompt)]);
    const expected = await run(unet2DCondition(config, size), model.weights, {
      ...feeds,
      encoder_hidden_states: tensor('float32', [2, ...prompt.shape.slice(1)], twice),
    });
    const actual = await run(graph, folded.weights, feeds);
    const largest = Math.max(...expected.map(Math.abs));
    expected.forEach((value, i) => {
      expect(Math.abs(actual[i] - value) / largest).toBeLessThan(1e-6);
    });
  });

  it('keeps the dtype of the weights, and leaves the others where they are', async () => {
    const half = castSource(sourceOf(weights), 'float16');
    const folded = foldPromptEmbeddings({ config: stagesOfUnet2D(config), weights: half }, prompt);
    const layer = 'up_blocks.0.attentions.0.transformer_blocks.0.attn2';
    const key = await folded.weights.read(`${layer}.key`);
    expect([key.dtype, key.shape]).toEqual(['float16', [1, 5, 16]]);
    expect(folded.weights.entries.has(`${layer}.to_k.weight`)).toBe(false);
    expect(await folded.weights.read('conv_in.bias')).toEqual(await half.read('conv_in.bias'));
  });

  it('says which embeddings it takes', () => {
    const model = { config: stagesOfUnet2D(config), weights: sourceOf(weights) };
    expect(() => foldPromptEmbeddings(model, draw([2, 5, 12], 1))).toThrow(
      'encoder_hidden_states: expected [1, tokens, 12], got [2, 5, 12]',
    );
  });
});
