import { describe, expect, it } from 'vitest';
import { evaluateGraph, verifyGraph } from '../../src/graph/index.js';
import { encodeModel, fromModelProto, toModelProto } from '../../src/onnx/index.js';
import { fromFloat64 } from '../../src/tensor/index.js';
import { largestError } from '../executors/tolerances.js';
import { encodeForeign, normal } from './foreignModel.js';
import { attention, decoderBlock, superResolution } from './foreignNetworks.js';
import { runOnnx } from './runOnnx.js';

const networks = {
  attention: { text: attention, dimensions: { batch: 2, tokens: 6 } },
  superResolution: { text: superResolution, dimensions: { height: 5, width: 6 } },
  decoderBlock: { text: decoderBlock, dimensions: { batch: 2, height: 3, width: 4 } },
};

describe.each(Object.entries(networks))('%s', (_, { text, dimensions }) => {
  const model = encodeForeign(text);
  const { graph, weights } = fromModelProto(model, { dimensions });

  it('computes what ONNX Runtime makes of the foreign file', async () => {
    verifyGraph(graph);
    const expected = await runOnnx(model, text.inputs);
    const { y } = evaluateGraph(graph, { ...text.inputs, ...Object.fromEntries(weights) });
    const got = fromFloat64('float64', graph.outputs.y.shape, y);
    expect(got.shape).toEqual(expected.y.shape);
    expect(largestError(expected.y, got)).toBeLessThan(2e-6);
  });

  it('computes the same when it is written again', async () => {
    const [before, again] = [model, encodeModel(toModelProto(graph, weights))];
    const outputs = await Promise.all([before, again].map((bytes) => runOnnx(bytes, text.inputs)));
    expect(largestError(outputs[1].y, outputs[0].y)).toBeLessThan(2e-6);
  });

  it('has no shape arithmetic left', () => {
    const operands = graph.nodes.flatMap(({ inputs }) => inputs.map(({ dtype }) => dtype));
    expect(operands).not.toContain('int64');
    expect(graph.nodes.map(({ output }) => output.dtype)).not.toContain('int64');
  });

  it('keeps the names of the weights', () => {
    const names = Object.keys(text.initializers ?? {}).filter((name) => name.includes('.'));
    expect([...weights.keys()]).toEqual(expect.arrayContaining(names));
    expect(graph.params.map(({ name }) => name)).toEqual([...weights.keys()]);
  });
});

it('a weight that Identity gives a second name is one param', () => {
  const { graph, weights } = fromModelProto(
    encodeForeign({
      inputs: { x: normal([2, 3]) },
      initializers: { 'a.weight': normal([3, 3], 2) },
      nodes: [
        ['Identity', 'a.weight', 'b.weight'],
        ['MatMul', 'x a.weight', 'h'],
        ['MatMul', 'h b.weight', 'y'],
      ],
    }),
  );
  expect([...weights.keys()]).toEqual(['a.weight']);
  expect(graph.nodes.map(({ op }) => op)).toEqual(['matmul', 'matmul']);
});
