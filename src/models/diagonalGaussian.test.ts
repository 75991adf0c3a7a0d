import { expect, it } from 'vitest';
import { createInterpreter, GraphBuilder } from '../graph/index.js';
import { float32 } from '../tensor/index.js';
import { gaussianKl, gaussianMoments, gaussianSample } from './diagonalGaussian.js';

it('takes moments apart, draws from them and measures their divergence', async () => {
  const b = new GraphBuilder();
  const gaussian = gaussianMoments(b, b.input('moments', [2, 2, 1, 2]));
  const sample = gaussianSample(b, gaussian, b.input('noise', [2, 1, 1, 2]));
  const graph = b.build({ ...gaussian, sample, kl: gaussianKl(b, gaussian) });
  await using session = await createInterpreter().load(graph, new Map());
  const { mean, logvar, std, kl, ...rest } = await session.run({
    moments: float32([2, 2, 1, 2], [1, -2, 0, Math.log(4), 0, 0, -99, 99]),
    noise: float32([2, 1, 1, 2], [0.5, -1, 3, 0]),
  });
  expect([...mean.data]).toEqual([1, -2, 0, 0]);
  expect(Array.from(logvar.data, Number)).toEqual([0, expect.closeTo(Math.log(4)), -30, 20]);
  expect(Array.from(std.data, Number).slice(0, 2)).toEqual([1, expect.closeTo(2)]);
  expect(Array.from(rest.sample.data, Number).slice(0, 2)).toEqual([1.5, expect.closeTo(-4)]);
  // (1 + 1 - 1 - 0) / 2 + (4 + 4 - 1 - log 4) / 2
  expect(kl.shape).toEqual([2]);
  expect(kl.data[0]).toBeCloseTo(0.5 + (7 - Math.log(4)) / 2, 5);
});
