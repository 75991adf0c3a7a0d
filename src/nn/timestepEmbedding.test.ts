import { describe, expect, it } from 'vitest';
import { evaluateGraph, GraphBuilder } from '../graph/index.js';
import { timestepSinusoid, type SinusoidOptions } from './timestepEmbedding.js';

function sinusoid(timesteps: readonly number[], options: SinusoidOptions): Float64Array {
  const b = new GraphBuilder();
  const timestep = b.input('timestep', [timesteps.length]);
  const graph = b.build({ waves: timestepSinusoid(b, timestep, options) });
  return evaluateGraph(graph, { timestep: Float64Array.from(timesteps) }).waves;
}

const stable = { channels: 8, flipSinToCos: true, freqShift: 0 };

describe('timestepSinusoid', () => {
  it('has cosines first, then sines, of frequencies from 1 towards 1 / 10000', () => {
    const t = 37.5;
    const angles = [1, 0.1, 0.01, 0.001].map((frequency) => t * frequency);
    const expected = [...angles.map(Math.cos), ...angles.map(Math.sin)];
    sinusoid([t], stable).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 5);
    });
  });

  it('has sines first where the config does not flip them', () => {
    const [flipped, plain] = [true, false].map((flipSinToCos) =>
      sinusoid([5], { ...stable, flipSinToCos }),
    );
    expect([...plain]).toEqual([...flipped.slice(4), ...flipped.slice(0, 4)]);
  });

  it('reaches 1 / 10000 with a shift of 1', () => {
    const waves = sinusoid([1000], { ...stable, freqShift: 1 });
    expect(waves[3]).toBeCloseTo(Math.cos(0.1), 5);
  });

  it('ends with a zero where the width is odd, and treats samples alike', () => {
    const waves = sinusoid([3, 3], { ...stable, channels: 7 });
    expect(waves[6]).toBe(0);
    expect([...waves.slice(0, 7)]).toEqual([...waves.slice(7)]);
  });
});
