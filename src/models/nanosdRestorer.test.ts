import { describe, expect, it } from 'vitest';
import { createInterpreter, type Graph } from '../graph/index.js';
import {
  elementCount,
  float32,
  Random,
  tensor,
  toFloat32,
  type Tensor,
  type Weights,
} from '../tensor/index.js';
import { nanosdRestorer, nanosdRestorerMultiple } from './nanosdRestorer.js';
import {
  nanosdRestorerConfig,
  nanosdRestorerConfigSchema,
  type NanosdRestorerConfig,
} from './nanosdRestorerConfig.js';
import { ConfigError, parseConfig } from './parseConfig.js';

const unet = {
  _class_name: 'NanoSDUNet2DConditionModel',
  in_channels: 4,
  out_channels: 4,
  block_out_channels: [4, 8],
  down_stages: ['R', 'R'],
  up_stages: ['R', 'R'],
  up_skips: [[0], [1]],
  skip_slots: 2,
  mid_block: false,
  norm_num_groups: 2,
  norm_eps: 1e-5,
  cross_attention_dim: 6,
  attention_head_dim: [2, 2],
};

const file = {
  _class_name: 'NanoSDRestorer',
  scale: 4,
  latent_factor: 4,
  prompt_tokens: 3,
  encoder_block_out_channels: [6],
  encoder_layers_per_block: [1],
  decoder_block_out_channels: [6],
  decoder_layers_per_block: [1],
  unet,
};

const configOf = (changes: object): NanosdRestorerConfig =>
  nanosdRestorerConfig(
    parseConfig(nanosdRestorerConfigSchema, { ...file, ...changes }, 'config.json'),
  );

/** Random weights; those of the last convolution are zero on demand. */
function weightsOf(graph: Graph, silent: boolean): Weights {
  const random = Random.seeded(7);
  return new Map(
    graph.params.map(({ name, shape }): [string, Tensor] => {
      const zero = silent && name.startsWith('decoder.conv_out.');
      const deviation = zero ? 0 : 1 / Math.sqrt(elementCount(shape.slice(1)));
      const values = random.normals(elementCount(shape)).map((value) => value * deviation);
      return [name, tensor('float32', shape, values)];
    }),
  );
}

function picture(width: number, height: number): Tensor<'float32'> {
  const random = Random.seeded(3);
  const values = Float32Array.from({ length: 3 * width * height }, () => random.uniform(0, 1));
  return float32([1, 3, height, width], values);
}

async function run(graph: Graph, weights: Weights, sample: Tensor): Promise<Tensor> {
  await using session = await createInterpreter().load(graph, weights);
  return (await session.run({ sample })).out_sample;
}

const sizes = [
  { scale: 4, latent_factor: 4 },
  { scale: 2, latent_factor: 4 },
  { scale: 1, latent_factor: 4 },
  { scale: 4, latent_factor: 8 },
  { scale: 2, latent_factor: 8 },
  { scale: 1, latent_factor: 8 },
];

describe('a restorer around a U-Net of the family', () => {
  it.each(sizes)('gives a picture of its scale: %o', (size) => {
    const config = configOf(size);
    const multiple = nanosdRestorerMultiple(config);
    expect(multiple).toBe((size.latent_factor / size.scale) * 2);
    const graph = nanosdRestorer(config, { batch: 2, height: multiple, width: 2 * multiple });
    const { shape } = graph.outputs.out_sample;
    expect(shape).toEqual([2, 3, multiple * size.scale, 2 * multiple * size.scale]);
  });

  it('halves and doubles level by level where its stacks have as many', () => {
    const config = configOf({
      ...{ scale: 1, encoder_block_out_channels: [4, 6, 8], encoder_layers_per_block: [1, 1, 1] },
      ...{ decoder_block_out_channels: [4, 6, 8], decoder_layers_per_block: [1, 1, 1] },
    });
    const graph = nanosdRestorer(config, { batch: 1, height: 16, width: 8 });
    expect(graph.outputs.out_sample.shape).toEqual([1, 3, 16, 8]);
    const names = graph.params.map(({ name }) => name);
    for (const level of [0, 1, 2]) expect(names).toContain(`routes.encoder.${level}.weight`);
  });

  it('knows neither time nor the prompt nor groups', () => {
    const { inputs, nodes, params } = nanosdRestorer(configOf({}), { batch: 1, height: 8, width: 8 }); // prettier-ignore
    expect(inputs.map(({ name }) => name)).toEqual(['sample']);
    expect(nodes.some(({ op }) => op === 'groupNorm')).toBe(false);
    expect(params.filter(({ name }) => /time|norm2/.test(name))).toEqual([]);
  });

  it.each([1, 2, 4])('starts as the enlarged picture at scale %d', async (scale) => {
    const config = configOf({ scale });
    const side = 8 / scale;
    const graph = nanosdRestorer(config, { batch: 1, height: side * 2, width: side * 2 });
    const sample = picture(side * 2, side * 2);
    const restored = toFloat32(await run(graph, weightsOf(graph, true), sample));
    if (scale === 1) expect(restored).toEqual(sample.data);
    const mean = (data: Float32Array): number => data.reduce((a, b) => a + b, 0) / data.length;
    expect(mean(restored)).toBeCloseTo(mean(sample.data), 1);
  });

  it('gives the same pixels in a tile as in the whole picture, away from its edges', async () => {
    const config = configOf({});
    const [whole, left, side] = [64, 8, 48];
    const graph = nanosdRestorer(config, { batch: 1, height: 8, width: whole });
    const weights = weightsOf(graph, false);
    const sample = picture(whole, 8);
    const tile = float32([1, 3, 8, side], columns(sample.data, whole, left, side));
    const untiled = toFloat32(await run(graph, weights, sample));
    const small = nanosdRestorer(config, { batch: 1, height: 8, width: side });
    const tiled = toFloat32(await run(small, weights, tile));
    // Further than its convolutions reach: two blocks and a resampling at half the resolution, the rest at full.
    const reach = 20;
    const [from, width] = [4 * reach, 4 * (side - 2 * reach)];
    const inTile = columns(tiled, 4 * side, from, width);
    const inWhole = columns(untiled, 4 * whole, from + 4 * left, width);
    inTile.forEach((value, i) => expect(value).toBeCloseTo(inWhole[i], 5));
  });
});

/** `width` columns of rows of `rowLength`, from `start` on. */
function columns(
  data: Float32Array,
  rowLength: number,
  start: number,
  width: number,
): Float32Array {
  const rows = data.length / rowLength;
  return Float32Array.from({ length: rows * width }, (_, i) => {
    return data[Math.floor(i / width) * rowLength + start + (i % width)];
  });
}

describe('the config of such a restorer', () => {
  const problem = (changes: object): string => {
    try {
      configOf(changes);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return (error as Error).message;
    }
    return '';
  };

  it.each([
    [{ scale: 8 }, 'config.json: scale: expected at most 4, the latent_factor of the family, got 8'],
    [{ scale: 3 }, 'config.json: scale: expected 1, 2, 4 or 8, got 3'],
    [
      { encoder_block_out_channels: [4, 6], encoder_layers_per_block: [1, 1] },
      'config.json: encoder_block_out_channels: expected at most 1 entries, for 0 halvings to the grid of the U-Net, got [4,6]',
    ],
    [
      { decoder_layers_per_block: [1, 1] },
      'config.json: decoder_layers_per_block: expected one entry for each of decoder_block_out_channels, got [1,1]',
    ],
  ])('says what does not fit: %o', (changes, message) => {
    expect(problem(changes)).toBe(message);
  });
});
