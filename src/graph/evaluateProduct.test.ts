import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementCount, Random, type Shape } from '../tensor/index.js';
import { GraphBuilder } from './builder.js';
import { evaluateGraph } from './interpreter.js';
import type { Attributes, ConvAttributes } from './operators.js';

interface Convolution {
  readonly x: Shape;
  readonly weight: Shape;
  readonly attributes: ConvAttributes;
}

/** The definition, one output element after the other. */
function naiveConv(
  { x: [n, c, h, w], weight: [out, perGroup, kh, kw], attributes }: Convolution,
  [, , oh, ow]: Shape,
  x: Float64Array,
  weight: Float64Array,
): number[] {
  const { strides, pads, dilations, groups } = attributes;
  const result: number[] = [];
  for (let image = 0; image < n; image++)
    for (let o = 0; o < out; o++)
      for (let row = 0; row < oh; row++)
        for (let column = 0; column < ow; column++) {
          let sum = 0;
          for (let k = 0; k < perGroup * kh * kw; k++) {
            const [inner, i, j] = [Math.floor(k / (kh * kw)), Math.floor(k / kw) % kh, k % kw];
            const channel = Math.floor(o / (out / groups)) * perGroup + inner;
            const y = row * strides[0] + i * dilations[0] - pads[0];
            const z = column * strides[1] + j * dilations[1] - pads[1];
            if (y < 0 || y >= h || z < 0 || z >= w) continue;
            sum += weight[o * perGroup * kh * kw + k] * x[((image * c + channel) * h + y) * w + z];
          }
          result.push(sum);
        }
  return result;
}

function gaussian(random: Random, shape: Shape): Float64Array {
  return Float64Array.from(random.normals(elementCount(shape)));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
}

function expectClose(got: Float64Array, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12));
}

const small = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
    n: small(1, 2),
    groups: small(1, 3),
    perGroup: small(1, 2),
    outPerGroup: small(1, 2),
    size: fc.tuple(small(1, 6), small(1, 6)),
    kernel: fc.tuple(small(1, 3), small(1, 3)),
    strides: fc.tuple(small(1, 3), small(1, 3)),
    dilations: fc.tuple(small(1, 2), small(1, 2)),
    pads: fc.tuple(small(0, 2), small(0, 2), small(0, 2), small(0, 2)),
  })
  .filter(({ size, kernel, dilations, pads }) =>
    [0, 1].every((i) => size[i] + pads[i] + pads[i + 2] > dilations[i] * (kernel[i] - 1)),
  )
  .map(({ n, groups, perGroup, outPerGroup, size, kernel, strides, dilations, pads }) => ({
    x: [n, groups * perGroup, ...size],
    weight: [groups * outPerGroup, perGroup, ...kernel],
    attributes: { strides, pads, dilations, groups },
  }));

describe('convolutions', () => {
  it('are what the definition says', () => {
    fc.assert(
      fc.property(convolutions, (one) => {
        const random = Random.seeded(1);
        const b = new GraphBuilder();
        const x = b.input('x', one.x);
        const weight = b.input('weight', one.weight);
        const y = b.conv(x, weight, null, one.attributes);
        const feeds = { x: gaussian(random, one.x), weight: gaussian(random, one.weight) };
        const expected = naiveConv(one, y.shape, feeds.x, feeds.weight);
        expectClose(evaluateGraph(b.build({ y }), feeds).y, expected);
      }),
      { seed: 1 },
    );
  });

  it('have transposed convolutions as their adjoints', () => {
    fc.assert(
      fc.property(convolutions, (one) => {
        const random = Random.seeded(2);
        const b = new GraphBuilder();
        const x = b.input('x', one.x);
        const weight = b.input('weight', one.weight);
        const y = b.conv(x, weight, null, one.attributes);
        const dy = b.input('dy', y.shape);
        // Rows of x that the strides leave unread come back as output padding.
        const { strides, pads, dilations } = one.attributes;
        const leftOver = [0, 1].map((i) => {
          const extent = dilations[i] * (one.weight[2 + i] - 1) + 1;
          return (one.x[2 + i] + pads[i] + pads[i + 2] - extent) % strides[i];
        });
        const outputPadding = [leftOver[0], leftOver[1]] as const;
        const dx = b.convTranspose(dy, weight, null, { ...one.attributes, outputPadding });
        expect(dx.shape).toEqual(one.x);
        const feeds = {
          x: gaussian(random, one.x),
          weight: gaussian(random, one.weight),
          dy: gaussian(random, y.shape),
        };
        const results = evaluateGraph(b.build({ y, dx }), feeds);
        expect(dot(results.dx, feeds.x)).toBeCloseTo(dot(results.y, feeds.dy), 10);
      }),
      { seed: 2 },
    );
  });

  it('add their bias to every pixel of a channel', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [2, 1, 1, 2]);
    const bias = b.input('bias', [2]);
    const y = b.conv(x, b.input('weight', [2, 1, 1, 1]), bias);
    const z = b.convTranspose(x, b.input('transposed', [1, 2, 1, 1]), bias);
    const weight = Float64Array.of(1, 10);
    const feeds = {
      x: Float64Array.of(1, 2, 3, 4),
      weight,
      transposed: weight,
      bias: Float64Array.of(0.5, 0.25),
    };
    const results = evaluateGraph(b.build({ y, z }), feeds);
    expect([...results.y]).toEqual([1.5, 2.5, 10.25, 20.25, 3.5, 4.5, 30.25, 40.25]);
    expect(results.z).toEqual(results.y);
  });

  it('spread a pixel over its block when transposed', () => {
    const b = new GraphBuilder();
    const attributes: Partial<Attributes['convTranspose']> = { strides: [2, 2] };
    const y = b.convTranspose(
      b.input('x', [1, 1, 1, 2]),
      b.input('weight', [1, 1, 2, 2]),
      null,
      attributes,
    );
    const feeds = { x: Float64Array.of(1, 10), weight: Float64Array.of(1, 2, 3, 4) };
    expect([...evaluateGraph(b.build({ y }), feeds).y]).toEqual([1, 2, 10, 20, 3, 4, 30, 40]);
  });
});

describe('matmul', () => {
  it('broadcasts its batches', () => {
    const batches = fc.tuple(small(1, 3), small(1, 3), fc.boolean(), fc.boolean());
    const sizes = fc.tuple(small(1, 4), small(1, 4), small(1, 4));
    fc.assert(
      fc.property(batches, sizes, ([outer, inner, thinLeft, flatRight], [m, k, n]) => {
        const random = Random.seeded(3);
        const left = [thinLeft ? 1 : outer, inner, m, k];
        const right = flatRight ? [k, n] : [outer, 1, k, n];
        const b = new GraphBuilder();
        const y = b.matmul(b.input('a', left), b.input('b', right));
        const feeds = { a: gaussian(random, left), b: gaussian(random, right) };
        const batch = thinLeft && flatRight ? 1 : outer;
        const expected: number[] = [];
        for (let i = 0; i < batch * inner * m * n; i++) {
          const [group, row] = [Math.floor(i / (inner * m * n)), Math.floor(i / n) % m];
          const member = Math.floor(i / (m * n)) % inner;
          const leftStart = (((thinLeft ? 0 : group) * inner + member) * m + row) * k;
          const rightStart = (flatRight ? 0 : group) * k * n + (i % n);
          const terms = Array.from(
            { length: k },
            (_, j) => feeds.a[leftStart + j] * feeds.b[rightStart + j * n],
          );
          expected.push(terms.reduce((sum, term) => sum + term, 0));
        }
        expect(y.shape).toEqual([batch, inner, m, n]);
        expectClose(evaluateGraph(b.build({ y }), feeds).y, expected);
      }),
      { seed: 3 },
    );
  });
});
