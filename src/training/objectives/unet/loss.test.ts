import { describe, expect, it } from 'vitest';
import {
  addNoiseAt,
  createNoiseSchedule,
  minSnrWeight,
  predictionTypes,
  stableDiffusionNoise,
  trainingTarget,
  type PredictionType,
} from '../../../diffusion/index.js';
import { createInterpreter, type Feeds } from '../../../graph/index.js';
import {
  kindEmbeddingName,
  unet2DCondition,
  type Unet2DConditionConfig,
} from '../../../models/index.js';
import {
  float32,
  Random,
  tensor,
  toFloat32,
  toFloat64,
  type Weights,
} from '../../../tensor/index.js';
import {
  denoisingLossGraph,
  drawTimesteps,
  drawTrainingNoise,
  type DenoisingLossOptions,
} from './loss.js';
import { initializeWeights } from '../initialize.js';
import { gradientGraph } from '../../loop/trainingGraph.js';

const config: Unet2DConditionConfig = {
  inChannels: 2,
  outChannels: 2,
  flipSinToCos: true,
  freqShift: 0,
  blockOutChannels: [4, 4],
  layersPerBlock: [1, 1],
  heads: [2, 2],
  downAttention: [true, false],
  upAttention: [true, false],
  midBlock: true,
  normNumGroups: 2,
  normEps: 1e-5,
  crossAttentionDim: 3,
};
const schedule = createNoiseSchedule(stableDiffusionNoise);
const [batch, tokens, shape] = [2, 3, [2, 2, 4, 4]] as const;
const timesteps = [37, 812];
const random = Random.seeded(3);
const latents = float32(shape, random.normals(64));
const noise = float32(shape, random.normals(64));
const timestep = tensor('int64', [batch], BigInt64Array.from(timesteps, BigInt));
const kind = tensor('int64', [batch], BigInt64Array.of(2n, 0n));
const feeds: Feeds = { latents, noise, timestep, kind };

function graphOf(changes: Partial<DenoisingLossOptions>) {
  return denoisingLossGraph(config, {
    ...{ batch, height: 4, width: 4, schedule, predictionType: 'epsilon', snrGamma: null },
    prompts: { from: 'kinds', tokens, kinds: 3 },
    ...changes,
  });
}

const weights: Weights = initializeWeights(graphOf({}), Random.seeded(1), () => 1);

async function lossOf(changes: Partial<DenoisingLossOptions>, fed = feeds): Promise<number> {
  await using session = await createInterpreter().load(graphOf(changes), weights);
  return toFloat64((await session.run(fed)).loss)[0];
}

/** The same from the network alone, with what the room of diffusion makes of latents and noise. */
async function errorsOf(predictionType: PredictionType): Promise<number[]> {
  const [clean, added] = [toFloat32(latents), toFloat32(noise)];
  const rows = toFloat32(weights.get(kindEmbeddingName) ?? float32([0], []));
  const width = tokens * config.crossAttentionDim;
  const prompts = [2, 0].flatMap((row) => [...rows.subarray(row * width, (row + 1) * width)]);
  const graph = unet2DCondition(config, { batch, height: 4, width: 4, contextTokens: tokens });
  await using session = await createInterpreter().load(graph, weights);
  const { out_sample } = await session.run({
    sample: float32(shape, addNoiseAt(schedule, clean, added, timesteps)),
    timestep: float32([batch], timesteps),
    encoder_hidden_states: float32([batch, tokens, config.crossAttentionDim], prompts),
  });
  const target = trainingTarget(schedule, predictionType, clean, added, timesteps);
  const squares = toFloat64(out_sample).map((value, i) => (value - target[i]) ** 2);
  return [0, 1].map((n) => squares.slice(n * 32, n * 32 + 32).reduce((a, x) => a + x) / 32);
}

describe('denoisingLossGraph', () => {
  it.each(predictionTypes)('is the mean squared error of the %s', async (predictionType) => {
    const [first, second] = await errorsOf(predictionType);
    expect(await lossOf({ predictionType })).toBeCloseTo((first + second) / 2, 5);
  });

  it.each(predictionTypes)('weighs timesteps by min-SNR, %s', async (predictionType) => {
    const errors = await errorsOf(predictionType);
    const weighted = errors.map((error, n) => {
      return error * minSnrWeight(schedule, predictionType, timesteps[n], 5);
    });
    const expected = (weighted[0] + weighted[1]) / 2;
    const loss = await lossOf({ predictionType, snrGamma: 5 });
    expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-5);
  });

  it('takes embeddings of prompts where there are no kinds', () => {
    const graph = graphOf({ prompts: { from: 'embeddings', tokens } });
    expect(graph.inputs.map(({ name }) => name)).toContain('encoder_hidden_states');
    expect(graph.params.some(({ name }) => name === kindEmbeddingName)).toBe(false);
  });

  it('has a gradient for every param, and for the kinds that are in the batch', async () => {
    const graph = gradientGraph(graphOf({ snrGamma: 5 }));
    await using session = await createInterpreter().load(graph, new Map());
    const outputs = await session.run({ ...feeds, ...Object.fromEntries(weights) });
    const silent = [...weights.keys()].filter((name) =>
      toFloat64(outputs[`grad:${name}`]).every((value) => value === 0),
    );
    expect(silent).toEqual([]);
    const rows = toFloat64(outputs[`grad:${kindEmbeddingName}`]);
    const width = tokens * config.crossAttentionDim;
    expect(rows.slice(width, 2 * width).every((value) => value === 0)).toBe(true);
    expect(rows.slice(2 * width).some((value) => value !== 0)).toBe(true);
  });
});

describe('what a sample is trained with', () => {
  it('is noise of variance 1, plus offset squared where it is offset', () => {
    const variance = (offset: number): number => {
      const drawn = Array.from({ length: 400 }, (_, seed) =>
        drawTrainingNoise(Random.seeded(seed), [4, 3, 3], offset),
      );
      const all = drawn.flatMap((part) => [...part]);
      return all.reduce((sum, value) => sum + value * value, 0) / all.length;
    };
    expect(variance(0)).toBeGreaterThan(0.97);
    expect(variance(0)).toBeLessThan(1.03);
    expect(variance(1)).toBeGreaterThan(1.85);
    expect(variance(1)).toBeLessThan(2.15);
  });

  it('is any timestep, by the number of the sample alone', () => {
    const draw = (seeds: readonly number[]) =>
      toFloat64(
        drawTimesteps(
          seeds.map((seed) => Random.seeded(seed)),
          schedule,
        ),
      );
    const many = draw(Array.from({ length: 2000 }, (_, i) => i));
    expect(Math.min(...many)).toBeLessThan(10);
    expect(Math.max(...many)).toBeGreaterThan(989);
    expect(many.reduce((sum, t) => sum + t, 0) / many.length).toBeGreaterThan(480);
    expect([...draw([7, 1234])]).toEqual([many[7], many[1234]]);
  });
});
