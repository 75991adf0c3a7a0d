import { describe, expect, it } from 'vitest';
import { createInterpreter, type Feeds, type Graph } from '../../../graph/index.js';
import { nanosdUnet, stagesOfUnet2D } from '../../../models/index.js';
import { cutUnet, parseStages } from '../../../surgery/index.js';
import { Random, tensor, toFloat64, type Tensor, type Weights } from '../../../tensor/index.js';
import { alignmentGraph, sharedFeatures, teacherPredictionGraph } from './loss.js';
import { initializeWeights } from '../initialize.js';
import { gradientGraph } from '../../loop/trainingGraph.js';

const teacher = stagesOfUnet2D({
  inChannels: 4,
  outChannels: 4,
  flipSinToCos: true,
  freqShift: 0,
  blockOutChannels: [8, 16, 24, 24],
  layersPerBlock: [2, 2, 2, 2],
  heads: [2, 2, 2, 2],
  downAttention: [true, true, true, false],
  upAttention: [true, true, true, false],
  midBlock: true,
  normNumGroups: 4,
  normEps: 1e-5,
  crossAttentionDim: 12,
});
const student = cutUnet(teacher, parseStages('R RA R R R R'), 'dropped');
const features = sharedFeatures(teacher, student);
const size = { batch: 1, height: 8, width: 8, contextTokens: 3 };
const random = Random.seeded(5);
const given: Feeds = {
  sample: tensor('float32', [1, 4, 8, 8], random.normals(256)),
  timestep: tensor('float32', [1], Float32Array.of(321)),
  encoder_hidden_states: tensor('float32', [1, 3, 12], random.normals(36)),
};

function initialized(graph: Graph): Map<string, Tensor<'float32'>> {
  return initializeWeights(graph, Random.seeded(6), () => 1);
}

async function compute(graph: Graph, weights: Weights, feeds: Feeds): Promise<Feeds> {
  await using session = await createInterpreter().load(graph, weights);
  return await session.run(feeds);
}

const weights = initialized(nanosdUnet(teacher, size));
const predictions = compute(teacherPredictionGraph(teacher, size, features), weights, given);

const meanSquare = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value * value, 0) / values.length;

describe('the stages that a student shares with its teacher', () => {
  it('are found by level, though blocks on the way up are numbered from the coarsest', () => {
    expect(features.map(({ name, teacher: its, student: own }) => [name, its, own])).toEqual([
      ['E1', 'down_blocks.0.res.1', 'down_blocks.0.res.0'],
      ['E2', 'down_blocks.1.res.1', 'down_blocks.1.res.0'],
      ['E3', 'down_blocks.2.res.1', 'down_blocks.2.res.0'],
      ['D3', 'up_blocks.1', 'up_blocks.0'],
      ['D2', 'up_blocks.2', 'up_blocks.1'],
      ['D1', 'up_blocks.3', 'up_blocks.2'],
    ]);
  });

  it('leave out levels that were narrowed', () => {
    const [first, ...others] = student.levels;
    const narrow = { ...student, levels: [{ ...first, channels: 4 }, ...others] };
    const names = sharedFeatures(teacher, narrow).map(({ name }) => name);
    expect(names).toEqual(['E2', 'E3', 'D3', 'D2']);
  });
});

describe('the loss of an alignment', () => {
  it('is nothing for the teacher itself', async () => {
    const all = sharedFeatures(teacher, teacher);
    const told = await compute(teacherPredictionGraph(teacher, size, all), weights, given);
    const graph = alignmentGraph(teacher, size, all, 1);
    const { loss } = await compute(graph, weights, { ...given, ...told });
    expect(toFloat64(loss)[0]).toBeLessThan(1e-12);
  });

  it('is the mean squared difference of the predictions', async () => {
    const own = initialized(nanosdUnet(student, size));
    const { out_sample } = await compute(nanosdUnet(student, size), own, given);
    const { target } = await predictions;
    const expected = toFloat64(target);
    const off = toFloat64(out_sample).map((value, i) => value - expected[i]);
    const graph = alignmentGraph(student, size, [], 0);
    const { loss } = await compute(graph, own, { ...given, target });
    expect(toFloat64(loss)[0]).toBeCloseTo(meanSquare(off), 5);
  });

  it('counts what stages are off by against what the teacher gives there', async () => {
    const all = sharedFeatures(teacher, teacher);
    const told = await compute(teacherPredictionGraph(teacher, size, all), weights, given);
    // Against twice its own output every stage is off by half of it: a quarter of its square.
    const doubled = all.map(({ name }): [string, Tensor] => {
      const { shape, data } = told[`feature.${name}`];
      return [
        `feature.${name}`,
        tensor(
          'float32',
          shape,
          (data as Float32Array).map((x) => 2 * x),
        ),
      ];
    });
    const graph = alignmentGraph(teacher, size, all, 0.8);
    const feeds = { ...given, ...told, ...Object.fromEntries(doubled) };
    const { loss } = await compute(graph, weights, feeds);
    expect(toFloat64(loss)[0]).toBeCloseTo(0.8 / 4, 4);
  });

  it('has a gradient for every weight of the student', async () => {
    const forward = alignmentGraph(student, size, features, 0.5);
    const own = initialized(forward);
    const feeds = { ...given, ...(await predictions), ...Object.fromEntries(own) };
    const gradients = await compute(gradientGraph(forward), new Map(), feeds);
    const silent = [...own.keys()].filter((name) =>
      toFloat64(gradients[`grad:${name}`]).every((value) => value === 0),
    );
    expect(silent).toEqual([]);
  });
});
