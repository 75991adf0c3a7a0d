import { describe, expect, it } from 'vitest';
import { differentiate, evaluateGraph, GraphBuilder, type Graph } from '../../graph/index.js';
import { Random } from '../../tensor/index.js';
import { lossValue, totalLoss, type LossConfig, type WeightedLoss } from './losses.js';

type Shape = readonly [number, number, number, number];

function lossGraph(config: LossConfig, shape: Shape, maskShape: Shape | null = null): Graph {
  const b = new GraphBuilder();
  const [prediction, target] = [b.input('prediction', shape), b.input('target', shape)];
  const mask = maskShape ? b.input('mask', maskShape) : null;
  return b.build({ loss: lossValue(b, config, prediction, target, mask) });
}

const numbers = (...values: number[]): Float64Array => Float64Array.from(values);

function evaluate(
  config: LossConfig,
  shape: Shape,
  prediction: number[],
  target: number[],
): number {
  const feeds = { prediction: numbers(...prediction), target: numbers(...target) };
  return evaluateGraph(lossGraph(config, shape), feeds).loss[0];
}

const charbonnier: LossConfig = { kind: 'charbonnier', eps: 1e-2 };
const all: LossConfig[] = [
  { kind: 'l1' },
  { kind: 'l2' },
  charbonnier,
  { kind: 'gradient' },
  { kind: 'frequency' },
];

describe('the value of', () => {
  // Differences 1, -2, 0, 3.
  const prediction = [1, 0, 5, 4];
  const target = [0, 2, 5, 1];

  it('L1', () => {
    expect(evaluate({ kind: 'l1' }, [1, 1, 2, 2], prediction, target)).toBeCloseTo(6 / 4, 12);
  });

  it('L2', () => {
    expect(evaluate({ kind: 'l2' }, [1, 1, 2, 2], prediction, target)).toBeCloseTo(14 / 4, 12);
  });

  it('Charbonnier', () => {
    const expected = [1, 2, 0, 3].reduce((sum, d) => sum + Math.hypot(d, 0.01), 0) / 4;
    const loss = evaluate(charbonnier, [1, 1, 2, 2], prediction, target);
    expect(loss).toBeCloseTo(expected, 7);
  });

  it('L1 of luma', () => {
    const prediction = [1, 0, 0.5, 0, 0.25, 1];
    const target = [0, 0, 0.5, 1, 0, 1];
    const loss = evaluate({ kind: 'luma' }, [1, 3, 1, 2], prediction, target);
    expect(loss).toBeCloseTo((0.299 + 0.114 * 0.25 + 0.587) / 2, 7);
  });

  it('L1 of luma refuses what has no colours', () => {
    expect(() => lossGraph({ kind: 'luma' }, [1, 4, 2, 2])).toThrow(
      'luma: expected 3 channels, got 4',
    );
    expect(() => lossGraph({ kind: 'luma' }, [1, 3, 2, 2], [1, 3, 2, 2])).toThrow(
      'luma: expected a mask of 1 channel, got 3',
    );
  });

  it('minus the PSNR of luma, of each picture by itself', () => {
    // Two pictures of two pixels: gray by 0.1 and 0.3 off, then green by 1 at one pixel.
    const target = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0, 0];
    const prediction = [0.6, 0.2, 0.6, 0.2, 0.6, 0.2, 0, 0, 1, 0, 0, 0];
    const loss = evaluate({ kind: 'psnr' }, [2, 3, 1, 2], prediction, target);
    const psnr = (squares: number): number => -10 * Math.log10(squares / 2);
    expect(loss).toBeCloseTo(-(psnr(0.01 + 0.09) + psnr(0.587 ** 2)) / 2, 5);
  });

  it('the PSNR of what is exact, a number', () => {
    const exact = [0.1, 0.2, 0.3];
    expect(evaluate({ kind: 'psnr' }, [1, 3, 1, 1], exact, exact)).toBeCloseTo(-80, 4);
  });

  it('the gradient loss', () => {
    // Rows (1, -2) and (0, 3): steps down -1, 5; to the right -3, 3.
    const loss = evaluate({ kind: 'gradient' }, [1, 1, 2, 2], prediction, target);
    expect(loss).toBeCloseTo(0.5 * ((1 + 5) / 2 + (3 + 3) / 2), 12);
  });

  it('the frequency loss is that of a direct Fourier transform', () => {
    const [n, c, h, w] = [2, 2, 3, 5];
    const random = Random.seeded(3);
    const difference = Float64Array.from(random.normals(n * c * h * w));
    const feeds = { prediction: difference, target: new Float64Array(difference.length) };
    const { loss } = evaluateGraph(lossGraph({ kind: 'frequency' }, [n, c, h, w]), feeds);
    let total = 0;
    for (let map = 0; map < n * c; map++) {
      const plane = difference.subarray(map * h * w, (map + 1) * h * w);
      for (let u = 0; u < h; u++) for (let v = 0; v < w; v++) total += dft(plane, h, w, u, v);
    }
    expect(loss[0]).toBeCloseTo(total / (2 * n * c * h * w), 6);
  });

  it('a weighted sum', () => {
    const b = new GraphBuilder();
    const [p, t] = [b.input('prediction', [1, 1, 2, 2]), b.input('target', [1, 1, 2, 2])];
    const losses: WeightedLoss[] = [
      { loss: { kind: 'l1' }, weight: 2 },
      { loss: { kind: 'l2' }, weight: 0.5 },
    ];
    const graph = b.build({ loss: totalLoss(b, losses, p, t) });
    const feeds = { prediction: numbers(...prediction), target: numbers(...target) };
    expect(evaluateGraph(graph, feeds).loss[0]).toBeCloseTo((2 * 6) / 4 + (0.5 * 14) / 4, 7);
  });
});

/** |real| + |imaginary| of one coefficient of the orthonormal transform. */
function dft(plane: Float64Array, h: number, w: number, u: number, v: number): number {
  let [real, imaginary] = [0, 0];
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const angle = -2 * Math.PI * ((u * y) / h + (v * x) / w);
      real += plane[y * w + x] * Math.cos(angle);
      imaginary += plane[y * w + x] * Math.sin(angle);
    }
  }
  return (Math.abs(real) + Math.abs(imaginary)) / Math.sqrt(h * w);
}

describe('a mask', () => {
  const shape: Shape = [1, 2, 2, 2];
  const prediction = numbers(1, 2, 3, 4, 5, 6, 7, 8);
  const target = new Float64Array(8);

  it('leaves out what it does not count, and is the same for every channel', () => {
    const feeds = { prediction, target, mask: numbers(1, 0, 0, 1) };
    const l1 = evaluateGraph(lossGraph({ kind: 'l1' }, shape, [1, 1, 2, 2]), feeds);
    expect(l1.loss[0]).toBeCloseTo((1 + 4 + 5 + 8) / 4, 12);
    const l2 = evaluateGraph(lossGraph({ kind: 'l2' }, shape, [1, 1, 2, 2]), feeds);
    expect(l2.loss[0]).toBeCloseTo((1 + 16 + 25 + 64) / 4, 12);
  });

  it('counts a slope only where both of its ends count', () => {
    const feeds = { prediction: numbers(1, 2, 4, 8), target: new Float64Array(4) };
    const graph = lossGraph({ kind: 'gradient' }, [1, 1, 2, 2], [1, 1, 2, 2]);
    const { loss } = evaluateGraph(graph, { ...feeds, mask: numbers(1, 1, 1, 0) });
    // Down: only 1 to 4. To the right: only 1 to 2.
    expect(loss[0]).toBeCloseTo(0.5 * (3 + 1), 12);
  });

  it.each(all)('of zeros gives 0 for $kind', (config) => {
    const feeds = { prediction, target, mask: new Float64Array(4) };
    const { loss } = evaluateGraph(lossGraph(config, shape, [1, 1, 2, 2]), feeds);
    expect(loss[0]).toBe(0);
  });

  it.each(all)('of ones changes nothing for $kind', (config) => {
    const plain = evaluateGraph(lossGraph(config, shape), { prediction, target });
    const masked = evaluateGraph(lossGraph(config, shape, [1, 1, 2, 2]), {
      prediction,
      target,
      mask: new Float64Array(4).fill(1),
    });
    expect(masked.loss[0]).toBeCloseTo(plain.loss[0], 12);
  });
});

describe('gradients agree with central differences', () => {
  const shape: Shape = [2, 3, 4, 6];
  const count = 2 * 3 * 4 * 6;

  it.each(
    [...all, { kind: 'luma' } as const, { kind: 'psnr' } as const].flatMap(
      (config) =>
        [
          [config.kind, config, false],
          [config.kind, config, true],
        ] as const,
    ),
  )(
    // prettier-ignore
    '%s, masked: %3$s',
    (_, config, masked) => {
      const random = Random.seeded(11);
      const graph = lossGraph(config, shape, masked ? [2, 1, 4, 6] : null);
      const mask = Float64Array.from({ length: 48 }, (_, i) => (i % 3 === 0 ? 0 : 1));
      const point = {
        prediction: Float64Array.from(random.normals(count)),
        target: Float64Array.from(random.normals(count)),
        ...(masked ? { mask } : {}),
      };
      const along = Float64Array.from(random.normals(count));
      const gradient = evaluateGraph(differentiate(graph, 'loss', ['prediction']), point);
      const slope = along.reduce((sum, d, i) => sum + d * gradient['grad:prediction'][i], 0);
      const at = (distance: number): number => {
        const prediction = point.prediction.map((value, i) => value + distance * along[i]);
        return evaluateGraph(graph, { ...point, prediction }).loss[0];
      };
      const measured = (at(1e-6) - at(-1e-6)) / 2e-6;
      expect(Math.abs(slope - measured) / Math.abs(measured)).toBeLessThan(1e-6);
    },
  );
});
