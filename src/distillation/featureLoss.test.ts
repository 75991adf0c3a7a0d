import { describe, expect, it } from 'vitest';
import { createInterpreter, GraphBuilder } from '../graph/index.js';
import { elementCount, float32, Random, type Tensor } from '../tensor/index.js';
import { featureLossValue, type FeatureLoss } from './featureLoss.js';

const shape = [2, 3, 2, 2];
const random = Random.seeded(5);
const draw = (scale: number): Tensor<'float32'> =>
  float32(
    shape,
    random.normals(elementCount(shape)).map((x) => scale * x + 0.5),
  );

async function lossOf(loss: FeatureLoss, output: Tensor, target: Tensor): Promise<number> {
  const b = new GraphBuilder();
  const graph = b.build({
    loss: featureLossValue(b, loss, b.input('output', shape), b.input('target', shape)),
  });
  await using session = await createInterpreter().load(graph, new Map());
  return Number((await session.run({ output, target })).loss.data[0]);
}

/** `x[n, c, i]` of a tensor `[2, 3, 2, 2]`. */
const at = ({ data }: Tensor<'float32'>, n: number, c: number, i: number): number =>
  data[(n * 3 + c) * 4 + i];
const mean = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / values.length;
const cells = [0, 1].flatMap((n) => [0, 1, 2, 3].map((i) => [n, i] as const));

describe('featureLossValue', () => {
  const [output, target] = [draw(1), draw(2)];

  it('normalized divides the errors of a channel by its variance', async () => {
    const channels = [0, 1, 2].map((c) => {
      const values = cells.map(([n, i]) => at(target, n, c, i));
      const variance = mean(values.map((x) => (x - mean(values)) ** 2));
      const error = mean(cells.map(([n, i]) => (at(output, n, c, i) - at(target, n, c, i)) ** 2));
      return { variance, error };
    });
    const floor = 0.01 * mean(channels.map(({ variance }) => variance)) + 1e-12;
    const expected = mean(channels.map(({ error, variance }) => error / (variance + floor)));
    expect(await lossOf('normalized', output, target)).toBeCloseTo(expected, 5);
  });

  it('cosine compares directions, and lengths apart', async () => {
    const expected = mean(
      cells.map(([n, i]) => {
        const [x, y] = [output, target].map((each) => [0, 1, 2].map((c) => at(each, n, c, i)));
        const product = x.reduce((sum, value, c) => sum + value * y[c], 0);
        const ratio = Math.hypot(...x) / Math.hypot(...y);
        return 1 - product / (Math.hypot(...x) * Math.hypot(...y)) + 0.5 * (ratio - 1) ** 2;
      }),
    );
    expect(await lossOf('cosine', output, target)).toBeCloseTo(expected, 5);
  });

  it.each(['mse', 'normalized', 'cosine'] as const)(
    '%s is zero for the target itself',
    async (loss) => {
      expect(await lossOf(loss, target, target)).toBeCloseTo(0, 6);
      expect(await lossOf(loss, output, target)).toBeGreaterThan(0.01);
    },
  );

  it('normalized and cosine do not depend on the units of features', async () => {
    const times = (x: Tensor<'float32'>): Tensor =>
      float32(
        shape,
        x.data.map((value) => 8 * value),
      );
    for (const loss of ['normalized', 'cosine'] as const) {
      const scaled = await lossOf(loss, times(output), times(target));
      expect(scaled).toBeCloseTo(await lossOf(loss, output, target), 5);
    }
  });
});
