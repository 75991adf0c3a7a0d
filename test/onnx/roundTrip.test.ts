import { describe, expect, it } from 'vitest';
import {
  continueGraph,
  differentiate,
  evaluateGraph,
  verifyGraph,
  type Graph,
} from '../../src/graph/index.js';
import { encodeModel, fromModelProto, toModelProto } from '../../src/onnx/index.js';
import type { Weights } from '../../src/tensor/index.js';
import { operatorCases } from '../executors/operatorCases.js';
import { feedsOf, unetLevel, weightsOf } from './unetLevel.js';

function expectClose(found: Float64Array, wanted: Float64Array): void {
  const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  // Attributes such as eps are float32 in ONNX.
  const apart = found.filter(
    (value, i) => !Object.is(value, wanted[i]) && !(Math.abs(value - wanted[i]) / scale < 1e-7),
  );
  expect([found.length, apart.length]).toEqual([wanted.length, 0]);
}

function writtenAndRead(graph: Graph, weights: Weights): ReturnType<typeof fromModelProto> {
  const again = fromModelProto(encodeModel(toModelProto(graph, weights)));
  verifyGraph(again.graph);
  return again;
}

describe('an operator written as ONNX and read again computes the same', () => {
  it.each(operatorCases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const { graph, weights } = writtenAndRead(one.graph, new Map());
    expect(weights.size).toBe(0);
    const { dtype, shape } = one.graph.outputs.y;
    expect(graph.outputs.y).toMatchObject({ dtype, shape });
    expectClose(evaluateGraph(graph, one.feeds).y, evaluateGraph(one.graph, one.feeds).y);
  });
});

describe('a network written as ONNX and read again', () => {
  const network = unetLevel();
  const weights = weightsOf(network);
  const feeds = { ...feedsOf(network), ...Object.fromEntries(weights) };

  it('computes the same from the same weights', () => {
    const again = writtenAndRead(network, weights);
    expect(new Map(again.weights)).toEqual(weights);
    const [found, wanted] = [again.graph, network].map((graph) => evaluateGraph(graph, feeds));
    for (const name of Object.keys(network.outputs)) expectClose(found[name], wanted[name]);
  });

  it('has the gradients that it had, and they can be written too', () => {
    const { graph } = writtenAndRead(network, weights);
    const gradients = [network, graph].map((each) => {
      const { builder, valueOf } = continueGraph(each);
      const y = valueOf(each.outputs.y);
      const square = builder.mul(y, y);
      const loss = builder.reshape(builder.reduceMean(square, [0, 1, 2, 3]), []);
      const wrt = ['resnet.conv1.weight', 'resnet.norm2.bias', 'embed.weight', 'sample'];
      return differentiate(builder.build({ loss }), 'loss', wrt);
    });
    const exported = writtenAndRead(gradients[0], weights).graph;
    const [wanted, ...found] = [...gradients, exported].map((each) => evaluateGraph(each, feeds));
    for (const results of found) {
      for (const name of Object.keys(wanted)) expectClose(results[name], wanted[name]);
    }
  });
});
