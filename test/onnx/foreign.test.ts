import { describe, expect, it } from 'vitest';
import { evaluateGraph, verifyGraph } from '../../src/graph/index.js';
import { fromModelProto } from '../../src/onnx/index.js';
import { importRules } from '../../src/onnx/importRules.js';
import { fromFloat64 } from '../../src/tensor/index.js';
import { largestError } from '../executors/tolerances.js';
import { foreignOperatorCases } from './foreignCases.js';
import { foreignLayerCases } from './foreignLayerCases.js';
import { encodeForeign } from './foreignModel.js';
import { runOnnx } from './runOnnx.js';

const cases = [...foreignOperatorCases, ...foreignLayerCases];

describe('a foreign model computes what ONNX Runtime makes of it', () => {
  it.each(cases)('%s', async (_, text) => {
    const model = encodeForeign(text);
    const expected = await runOnnx(model, text.inputs);
    const { graph, weights } = fromModelProto(model);
    verifyGraph(graph);
    const got = evaluateGraph(graph, { ...text.inputs, ...Object.fromEntries(weights) });
    expect(Object.keys(got)).toEqual(Object.keys(expected));
    for (const [name, { dtype, shape }] of Object.entries(graph.outputs)) {
      expect([name, dtype, shape]).toEqual([name, expected[name].dtype, expected[name].shape]);
      const error = largestError(expected[name], fromFloat64('float64', shape, got[name]));
      expect(error).toBeLessThan(5e-6);
    }
  });

  it('is tested for every operator that can be read', () => {
    const used = new Set(cases.flatMap(([, { nodes }]) => nodes.map(([opType]) => opType)));
    expect(Object.keys(importRules).filter((opType) => !used.has(opType))).toEqual([]);
  });
});
