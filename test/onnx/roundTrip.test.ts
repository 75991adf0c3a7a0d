import { describe, expect, it } from 'vitest';
import { evaluateGraph, verifyGraph } from '../../src/graph/index.js';
import { encodeModel, fromModelProto, toModelProto } from '../../src/onnx/index.js';
import { operatorCases } from '../executors/operatorCases.js';

describe('an operator written as ONNX and read again computes the same', () => {
  it.each(operatorCases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const model = encodeModel(toModelProto(one.graph, new Map()));
    const { graph, weights } = fromModelProto(model);
    verifyGraph(graph);
    expect(weights.size).toBe(0);
    const { dtype, shape } = one.graph.outputs.y;
    expect(graph.outputs.y).toMatchObject({ dtype, shape });
    const [again, before] = [graph, one.graph].map((each) => evaluateGraph(each, one.feeds).y);
    const scale = before.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    again.forEach((value, i) => {
      if (!Object.is(value, before[i])) {
        expect(Math.abs(value - before[i]) / scale).toBeLessThan(1e-7);
      }
    });
  });
});
