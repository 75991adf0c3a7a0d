import { describe, expect, it } from 'vitest';
import {
  arity,
  continueGraph,
  differentiate,
  evaluateGraph,
  verifyGraph,
  type Graph,
  type Value,
} from '../../src/graph/index.js';
import { elementCount, Random, toFloat64, type Shape } from '../../src/tensor/index.js';
import { nonDifferentiable, operatorCases, type OperatorCase } from './operatorCases.js';

type Point = Record<string, Float64Array>;

const step = 1e-5;

/** The case's graph continued to a scalar: random weights times the result, or its cube. */
function withLoss(graph: Graph, power: 'result' | 'cube'): Graph {
  const { builder, valueOf } = continueGraph(graph);
  const y = valueOf(graph.outputs.y);
  const real = y.dtype === 'float32' ? y : builder.apply('cast', [y], { to: 'float32' });
  const weights = builder.input('lossWeights', y.shape);
  const term = power === 'result' ? real : builder.mul(real, builder.mul(real, real));
  return builder.build({ loss: sumOfProducts(builder, [[term, weights]]) });
}

/** The directional derivative of a differentiated graph, as one more scalar output. */
function withSlope(gradients: Graph, wrt: readonly string[]): Graph {
  const { builder, valueOf } = continueGraph(gradients);
  const pairs = wrt.map((name): [Value, Value] => {
    const gradient = valueOf(gradients.outputs[`grad:${name}`]);
    return [gradient, builder.input(`along:${name}`, gradient.shape)];
  });
  return builder.build({ slope: sumOfProducts(builder, pairs) });
}

function sumOfProducts(
  builder: ReturnType<typeof continueGraph>['builder'],
  pairs: readonly (readonly [Value, Value])[],
): Value {
  const sums = pairs.map(([a, b]) => {
    const flat = builder.reshape(builder.mul(a, b), [elementCount(a.shape)]);
    return builder.reduceSum(flat, [0]);
  });
  return sums.reduce((total, sum) => builder.add(total, sum));
}

function pointOf({ feeds, graph }: OperatorCase, random: Random): Point {
  const point: Point = { lossWeights: gaussian(random, graph.outputs.y.shape) };
  for (const [name, fed] of Object.entries(feeds)) point[name] = toFloat64(fed);
  return point;
}

function gaussian(random: Random, shape: Shape): Float64Array {
  return Float64Array.from(random.normals(elementCount(shape)));
}

function directionOf(
  { feeds }: OperatorCase,
  wrt: readonly string[],
  random: Random,
): [string, Float64Array][] {
  return wrt.map((name) => [name, gaussian(random, feeds[name].shape)]);
}

/** Compares the slope that the differentiated graph gives along a direction with the measured one. */
function slopeError(
  graph: Graph,
  output: string,
  point: Point,
  direction: readonly [string, Float64Array][],
): number {
  const wrt = direction.map(([name]) => name);
  const gradients = differentiate(graph, output, wrt);
  verifyGraph(gradients);
  const found = evaluateGraph(gradients, point);
  const slope = direction.reduce((sum, [name, along]) => {
    const gradient = found[`grad:${name}`];
    return along.reduce((total, value, i) => total + value * gradient[i], sum);
  }, 0);
  const at = (distance: number): number => {
    const moved: Point = { ...point };
    for (const [name, along] of direction) {
      moved[name] = point[name].map((value, i) => value + distance * along[i]);
    }
    return evaluateGraph(graph, moved)[output][0];
  };
  const measured = (at(step) - at(-step)) / (2 * step);
  return Math.abs(slope - measured) / Math.max(Math.abs(slope), Math.abs(measured));
}

const differentiable = operatorCases.filter(({ wrt }) => wrt.length > 0);

describe('every operator', () => {
  it('has a case, and a gradient unless its derivative is zero', () => {
    const covered = new Set(differentiable.map(({ op }) => op));
    expect(new Set(operatorCases.map(({ op }) => op))).toEqual(new Set(Object.keys(arity)));
    expect([...nonDifferentiable].filter((op) => covered.has(op))).toEqual([]);
    expect(Object.keys(arity).length).toBe(covered.size + nonDifferentiable.size);
  });

  it('has all of its real operands differentiated in some case', () => {
    for (const op of new Set(differentiable.map((one) => one.op))) {
      const cases = differentiable.filter((one) => one.op === op);
      const real = cases.map(
        ({ graph }) => graph.inputs.filter(({ dtype }) => dtype === 'float32').length,
      );
      expect(Math.max(...cases.map(({ wrt }) => wrt.length)), op).toBe(Math.max(...real));
    }
  });
});

describe('gradients agree with central differences', () => {
  it.each(differentiable.map((one) => [one.name, one] as const))('%s', (name, one) => {
    const random = Random.seeded(name.length, 1);
    const loss = withLoss(one.graph, 'result');
    const point = pointOf(one, random);
    // All operands at once, then each alone, so that no gradient hides behind a larger one.
    for (const wrt of [one.wrt, ...one.wrt.map((operand) => [operand])]) {
      const direction = directionOf(one, wrt, random);
      expect(slopeError(loss, 'loss', point, direction), wrt.join()).toBeLessThan(1e-6);
    }
  });
});

describe('gradients of gradients agree with central differences', () => {
  it.each(differentiable.map((one) => [one.name, one] as const))('%s', (name, one) => {
    const random = Random.seeded(name.length, 2);
    const loss = withLoss(one.graph, 'cube');
    const slope = withSlope(differentiate(loss, 'loss', one.wrt), one.wrt);
    const point = pointOf(one, random);
    for (const [operand, along] of directionOf(one, one.wrt, random)) {
      point[`along:${operand}`] = along;
    }
    const direction = directionOf(one, one.wrt, random);
    expect(slopeError(slope, 'slope', point, direction)).toBeLessThan(1e-6);
  });
});
