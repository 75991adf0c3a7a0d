// One training step, forward and backward, on an executor and on the float64 interpreter.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createInterpreter,
  differentiate,
  GraphBuilder,
  type Executor,
  type Feeds,
  type Graph,
  type Value,
} from '../../src/graph/index.js';
import {
  fromFloat64,
  elementCount,
  Random,
  toFloat64,
  type Tensor,
} from '../../src/tensor/index.js';

/** The float32 rounding of some thousand terms, relative to the largest of a gradient. */
const tolerance = 2e-6;

const parameters = ['first.weight', 'first.bias', 'norm.weight', 'norm.bias', 'last.weight'];

/** The squared error of a small residual network that doubles the sides of a picture, and its gradients. */
export function trainingStep(): Graph {
  const builder = new GraphBuilder();
  const [firstWeight, firstBias, normWeight, normBias, lastWeight] = [
    builder.input('first.weight', [8, 3, 3, 3]),
    builder.input('first.bias', [8]),
    builder.input('norm.weight', [8]),
    builder.input('norm.bias', [8]),
    builder.input('last.weight', [12, 8, 3, 3]),
  ];
  const same = { pads: [1, 1, 1, 1] } as const;
  const features = builder.conv(
    builder.input('sample', [2, 3, 8, 8]),
    firstWeight,
    firstBias,
    same,
  );
  const normalized = builder.apply('groupNorm', [features, normWeight, normBias], {
    groups: 2,
    eps: 1e-5,
  });
  const mixed = builder.add(features, builder.silu(normalized));
  const picture = builder.pixelShuffle(builder.conv(mixed, lastWeight, null, same), 2);
  const error = builder.sub(picture, builder.input('target', [2, 3, 16, 16]));
  const loss: Value = builder.reduceMean(builder.mul(error, error), [0, 1, 2, 3]);
  return differentiate(builder.build({ loss }), 'loss', parameters);
}

function randomFeeds(graph: Graph): Feeds {
  const random = Random.seeded(20, 1);
  const draw = (shape: readonly number[]): Tensor =>
    fromFloat64('float32', shape, random.normals(elementCount(shape)));
  return Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, draw(shape)]));
}

function relativeError(got: Tensor, expected: Tensor): number {
  const [left, right] = [toFloat64(got), toFloat64(expected)];
  const scale = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return left.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i])), 0) / scale;
}

export function describeTrainingStep(name: string, create: () => Promise<Executor>): void {
  describe(`${name}: a training step`, () => {
    const graph = trainingStep();
    const feeds = randomFeeds(graph);
    let expected: Feeds;
    let got: Feeds;

    beforeAll(async () => {
      await using reference = await createInterpreter().load(graph, new Map());
      expected = await reference.run(feeds);
      await using session = await (await create()).load(graph, new Map());
      got = await session.run(feeds);
    });

    it.each(['loss', ...parameters.map((parameter) => `grad:${parameter}`)])(
      'gives %s',
      (output) => {
        expect(relativeError(got[output], expected[output])).toBeLessThan(tolerance);
      },
    );
  });
}
