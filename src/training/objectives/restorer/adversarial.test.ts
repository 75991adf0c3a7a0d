import { describe, expect, it } from 'vitest';
import { evaluateGraph, GraphBuilder, type Graph } from '../../../graph/index.js';
import type { DiscriminatorConfig } from '../../../models/index.js';
import { elementCount, Random } from '../../../tensor/index.js';
import { adversarialLosses } from '../../losses/adversarial.js';
import { playersGraph } from '../../loop/trainingGraph.js';
import { adversarialGraph } from './adversarial.js';

const size = [2, 3, 16, 16] as const;

/** A restorer of one layer. */
function network(): Graph {
  const b = new GraphBuilder();
  const sample = b.input('sample', size);
  const layer = b.conv(sample, b.param('conv.weight', [3, 3, 3, 3]), null, { pads: [1, 1, 1, 1] });
  return b.build({ out_sample: b.add(sample, layer) });
}

const shapes: DiscriminatorConfig[] = [
  { shape: 'patch', channels: 4, layers: 2 },
  { shape: 'unet', channels: 4, layers: 1 },
];

describe.each(shapes)('a restorer against a discriminator ($shape)', (discriminator) => {
  it.each(['hinge', 'relativistic'] as const)(
    'has the slopes that finite differences have, each player of its own loss (%s)',
    (kind) => {
      const forward = adversarialGraph(
        network(),
        {
          losses: [{ loss: { kind: 'l2' }, weight: 1, target: 'photo' }],
          perceptual: null,
          mix: null,
        },
        { kind, weight: 0.3, discriminator },
      );
      const isIts = (name: string): boolean => name.startsWith('discriminator.');
      const own = forward.params.filter(({ name }) => !isIts(name));
      const its = forward.params.filter(({ name }) => isIts(name));
      expect(own.map(({ name }) => name)).toEqual(['conv.weight']);
      const graph = playersGraph(forward, { loss: own, discriminator_loss: its });
      const random = Random.seeded(7);
      const draw = (shape: readonly number[]): Float64Array =>
        Float64Array.from(random.normals(elementCount(shape)), (x) => 0.3 * x);
      const named = [...graph.inputs];
      const point = Object.fromEntries(named.map(({ name, shape }) => [name, draw(shape)]));
      const slopes = evaluateGraph(graph, point);
      for (const [loss, params] of [
        ['loss', own],
        ['discriminator_loss', its],
      ] as const) {
        const along = new Map(params.map(({ name, shape }) => [name, draw(shape)]));
        const at = (step: number): number => {
          const moved = Object.entries(point).map(([name, values]) => {
            const direction = along.get(name);
            return [name, direction ? values.map((x, i) => x + step * direction[i]) : values];
          });
          return evaluateGraph(forward, Object.fromEntries(moved) as typeof point)[loss][0];
        };
        let slope = 0;
        for (const [name, direction] of along) {
          slope += direction.reduce((sum, d, i) => sum + d * slopes[`grad:${name}`][i], 0);
        }
        const measured = (at(1e-6) - at(-1e-6)) / 2e-6;
        expect(Math.abs(slope / measured - 1), loss).toBeLessThan(1e-5);
      }
    },
  );
});

describe('the losses of both players', () => {
  const evaluate = (kind: 'hinge' | 'relativistic', real: number[], made: number[]) => {
    const b = new GraphBuilder();
    const answers = { real: b.input('real', [1, 1, 1, 2]), made: b.input('made', [1, 1, 1, 2]) };
    const graph = b.build({ ...adversarialLosses(b, kind, answers) });
    return evaluateGraph(graph, { real: Float64Array.from(real), made: Float64Array.from(made) });
  };

  it('are those of a hinge', () => {
    const { generator, discriminator } = evaluate('hinge', [2, 0.5], [-3, 1]);
    expect(generator[0]).toBeCloseTo(1, 7);
    expect(discriminator[0]).toBeCloseTo(0.5 / 2 + 2 / 2, 7);
  });

  it('are relative to the mean of the others', () => {
    const { generator, discriminator } = evaluate('relativistic', [2, 1], [-3, 1]);
    const softplus = (x: number): number => Math.log(1 + Math.exp(x));
    // The means are 1.5 and -1.
    const hard = (softplus(-3) + softplus(-2)) / 2 + (softplus(-4.5) + softplus(-0.5)) / 2;
    const soft = (softplus(3) + softplus(2)) / 2 + (softplus(4.5) + softplus(0.5)) / 2;
    expect(discriminator[0]).toBeCloseTo(hard / 2, 6);
    expect(generator[0]).toBeCloseTo(soft / 2, 6);
  });

  it('stay numbers where answers are extreme', () => {
    const { generator, discriminator } = evaluate('relativistic', [1e5, 1e5], [-1e5, -1e5]);
    expect(generator[0]).toBeCloseTo(2e5, 0);
    expect(discriminator[0]).toBe(0);
  });
});
