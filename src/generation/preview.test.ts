import { expect, it } from 'vitest';
import { createImage, imresize, type Image } from '../image/index.js';
import { gaussianNoise, type Shape } from '../tensor/index.js';
import { fitLatentColours, latentPreview } from './preview.js';

it('finds the colours of a decoder that has no more to it', async () => {
  const factors = [
    [0.1, 0.02, -0.05, 0.5],
    [-0.03, 0.04, 0.08, 0.4],
    [0, 0.06, 0.01, 0.6],
  ];
  const seen: Shape[] = [];
  const decode = (latents: Float32Array, shape: Shape): Promise<Image> => {
    seen.push(shape);
    return Promise.resolve(
      imresize(latentPreview({ factors }, latents, shape), { scale: 4, kernel: 'box' }),
    );
  };
  const found = await fitLatentColours(3, decode);
  expect(seen).toEqual([[1, 3, 16, 16]]);
  factors.forEach((row, colour) =>
    row.forEach((factor, i) => expect(found.factors[colour][i]).toBeCloseTo(factor, 5)),
  );
});

it('limits colours to what can be shown', () => {
  const factors = [0, 1, 2].map(() => [10, 0.5]);
  const { data } = gaussianNoise([1, 1, 2, 3], 1);
  const image = latentPreview({ factors }, data, [1, 1, 2, 3]);
  expect(image).toMatchObject({ width: 3, height: 2, channels: 3 });
  expect(image).toEqual(
    createImage(
      3,
      2,
      3,
      image.data.map((x) => Math.min(1, Math.max(0, x))),
    ),
  );
});
