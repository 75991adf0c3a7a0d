import { expect, it } from 'vitest';
import { createInterpreter, type Graph } from '../graph/index.js';
import { elementCount, Random, tensor, toFloat64, type Tensor } from '../tensor/index.js';
import { clipText } from './clipText.js';
import { clipTextConfig, clipTextConfigSchema } from './clipTextConfig.js';
import { ConfigError, parseConfig } from './parseConfig.js';

const published = {
  _name_or_path: 'openai/clip-vit-large-patch14',
  architectures: ['CLIPTextModel'],
  attention_dropout: 0,
  bos_token_id: 0,
  dropout: 0,
  eos_token_id: 2,
  hidden_act: 'quick_gelu',
  hidden_size: 768,
  initializer_factor: 1,
  initializer_range: 0.02,
  intermediate_size: 3072,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 77,
  model_type: 'clip_text_model',
  num_attention_heads: 12,
  num_hidden_layers: 12,
  pad_token_id: 1,
  projection_dim: 768,
  torch_dtype: 'float32',
  transformers_version: '4.22.0.dev0',
  vocab_size: 49408,
};
const parse = (file: unknown) => clipTextConfig(parseConfig(clipTextConfigSchema, file, 'config'));
const tiny = {
  vocabSize: 20,
  hiddenSize: 8,
  intermediateSize: 12,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 6,
  hiddenAct: 'quick_gelu',
  layerNormEps: 1e-5,
} as const;

function randomWeights(graph: Graph): Map<string, Tensor> {
  const random = Random.seeded(3);
  return new Map(
    graph.params.map(({ name, shape }) => [
      name,
      tensor('float32', shape, random.normals(elementCount(shape))),
    ]),
  );
}

async function encode(graph: Graph, ids: readonly number[]) {
  const data = BigInt64Array.from(ids, BigInt);
  await using session = await createInterpreter().load(graph, randomWeights(graph));
  const outputs = await session.run({ input_ids: tensor('int64', [1, ids.length], data) });
  return {
    hidden: toFloat64(outputs.last_hidden_state),
    pooled: toFloat64(outputs.pooler_output),
  };
}

it('has the parameters of the published encoder', () => {
  const { params } = clipText(parse(published), { batch: 1 });
  const parameters = params.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  expect([parameters, params.length]).toEqual([123_060_480, 196]);
});

it('names what is wrong with a config', () => {
  const attempt = () => parse({ ...published, hidden_act: 'relu', text_config: {} });
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(/hidden_act: expected quick_gelu or gelu, got "relu"/);
  expect(attempt).toThrow(/text_config: no such key/);
  expect(() => parse({ ...published, num_attention_heads: 7 })).toThrow(
    'config: num_attention_heads: expected a divisor of hidden_size, got 7',
  );
});

it('lets a token see none that follow it', async () => {
  const graph = clipText(tiny, { batch: 1 });
  const [a, b] = [await encode(graph, [1, 5, 7, 9, 19, 19]), await encode(graph, [1, 5, 7, 9, 3, 2])];
  const seen = 4 * tiny.hiddenSize;
  expect(a.hidden.slice(0, seen)).toEqual(b.hidden.slice(0, seen));
  expect(a.hidden.slice(seen)).not.toEqual(b.hidden.slice(seen));
});

it('pools at the first of the largest ids', async () => {
  const { hidden, pooled } = await encode(clipText(tiny, { batch: 1 }), [1, 5, 19, 19, 2, 19]);
  expect([...pooled]).toEqual([...hidden.slice(2 * tiny.hiddenSize, 3 * tiny.hiddenSize)]);
});

it('stops before the last layer when asked to', async () => {
  const skipping = clipText(tiny, { batch: 1, clipSkip: 2 });
  expect(skipping.params.some(({ name }) => name.includes('layers.1'))).toBe(false);
  const shorter = clipText({ ...tiny, numHiddenLayers: 1 }, { batch: 1 });
  const ids = [1, 4, 4, 19, 19, 19];
  expect((await encode(skipping, ids)).hidden).toEqual((await encode(shorter, ids)).hidden);
  expect(() => clipText(tiny, { batch: 1, clipSkip: 4 })).toThrow(
    'expected clipSkip in [1, 3], got 4',
  );
});

it('refuses more tokens than there are positions', () => {
  expect(() => clipText(tiny, { batch: 1, tokens: 7 })).toThrow('expected at most 6 tokens, got 7');
});
