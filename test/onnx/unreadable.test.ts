import { describe, expect, it } from 'vitest';
import { fromModelProto } from '../../src/onnx/index.js';
import { encodeForeign, foreignModel, normal, type ForeignText } from './foreignModel.js';

const x = normal([1, 4, 4, 4]);

function messageOf(text: ForeignText): string {
  try {
    fromModelProto(encodeForeign(text));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing was thrown';
}

describe('a model that cannot be read', () => {
  it('is refused with everything that is in the way, at once', () => {
    const message = messageOf({
      opset: 6,
      inputs: { x, z: x },
      symbols: { z: ['batch', 4, 'height', ''] },
      initializers: { w: normal([4, 4, 3, 3]) },
      nodes: [
        ['GridSample', 'x x', 'a'],
        ['Relu', 'a', 'b'],
        ['Conv', 'x w', 'c', { activation: 'silu', auto_pad: 'WIDE' }],
        ['Conv', 'x w', 'd', { activation: 'silu' }],
        ['NonMaxSuppression', 'b z', 'e'],
        ['GridSample', 'c e', 'f'],
        ['Reshape', 'x later', 'g'],
        ['ReduceMax', 'x', 'h', { axes: [9] }],
        ['Add', 'f g', 'y'],
      ],
    });
    expect(message).toBe(
      [
        'the ONNX model cannot be read:',
        'expected operator set 7 to 28, got 6',
        'input z: expected a length for batch, height, z.3, got none',
        'Conv Conv_2: expected an auto_pad of ONNX, got WIDE',
        'Conv Conv_3: attribute activation is not supported',
        'Reshape Reshape_6: expected later to be defined before it is used',
        'ReduceMax ReduceMax_7: expected an axis in [-4, 4), got 9',
        'operator GridSample is not supported: GridSample_0, GridSample_5',
        'operator NonMaxSuppression is not supported: NonMaxSuppression_4',
      ].join('\n  '),
    );
  });

  it('names the domain of an operator of another one', () => {
    const model = foreignModel({ inputs: { x }, nodes: [['FusedConv', 'x', 'y']] });
    for (const node of model.graph?.node ?? []) node.domain = 'com.microsoft';
    expect(() => fromModelProto(model)).toThrow(
      'operator com.microsoft.FusedConv is not supported: FusedConv_0',
    );
  });

  it('says which results of a node are not there', () => {
    const nodes = [['MaxPool', 'x', 'm at', { kernel_shape: [2, 2] }]] as const;
    expect(messageOf({ inputs: { x }, nodes, outputs: 'm' })).toBe('nothing was thrown');
    expect(messageOf({ inputs: { x }, nodes, outputs: 'm at' })).toContain(
      'output at: output 1 of MaxPool MaxPool_0 is not supported',
    );
  });

  it('says which operand had to be known beforehand', () => {
    const inputs = { x, shape: normal([2]) };
    expect(messageOf({ inputs, nodes: [['Reshape', 'x shape', 'y']] })).toContain(
      'Reshape Reshape_0: expected operand 1 to be constant, got a computed value',
    );
  });

  it('is not read as one when it is none', () => {
    expect(() => fromModelProto(new Uint8Array([255, 255, 1]))).toThrow(
      'expected the bytes of an ONNX model',
    );
    expect(() => fromModelProto(new Uint8Array())).toThrow(
      'expected an ONNX model with a graph, got none',
    );
  });

  it('is asked for the bytes of external initializers', () => {
    const model = foreignModel({
      inputs: { x },
      initializers: { w: normal([4, 1, 1]) },
      nodes: [['Mul', 'x w', 'y']],
    });
    const [initializer] = model.graph?.initializer ?? [];
    const bytes = initializer.rawData;
    initializer.rawData = new Uint8Array();
    initializer.dataLocation = 1;
    expect(() => fromModelProto(model)).toThrow(
      'initializer w: expected the bytes of its external data, got none',
    );
    const { weights } = fromModelProto(model, { externalData: new Map([['w', bytes]]) });
    expect(weights.get('w')).toEqual(normal([4, 1, 1]));
  });
});
