import { create, toBinary } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorShapeProto_DimensionSchema,
  ValueInfoProtoSchema,
  type ModelProto,
  type ValueInfoProto,
} from 'onnx-buf';
import {
  attributeProto,
  tensorProto,
  valueInfoProto,
  type AttributeValue,
} from '../../src/onnx/proto.js';
import {
  elementCount,
  fromFloat64,
  Random,
  tensor,
  toFloat64,
  type DType,
  type Tensor,
} from '../../src/tensor/index.js';

/** Operator, operands (separated by spaces, `_` for none), results, attributes. */
export type ForeignNodeText = readonly [
  opType: string,
  inputs: string,
  outputs: string,
  attributes?: Readonly<Record<string, AttributeValue>>,
];

export interface ForeignText {
  readonly nodes: readonly ForeignNodeText[];
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly initializers?: Readonly<Record<string, Tensor>>;
  readonly opset?: number;
  readonly outputs?: string;
  /** Names for dimensions of inputs, such as `{ x: ['batch', 3, 'height', 'width'] }`. */
  readonly symbols?: Readonly<Record<string, readonly (string | number)[]>>;
}

/** An ONNX model as other programs write them, from text. */
export function foreignModel(text: ForeignText): ModelProto {
  const { nodes, inputs, initializers = {}, opset = 21, outputs = 'y' } = text;
  const graph = create(GraphProtoSchema, {
    name: 'foreign',
    node: nodes.map(([opType, input, output, attributes = {}], i) =>
      create(NodeProtoSchema, {
        name: `${opType}_${i}`,
        opType,
        input: input
          .split(' ')
          .flatMap((name) => (name === '' ? [] : name === '_' ? [''] : [name])),
        output: output.split(' '),
        attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
      }),
    ),
    initializer: Object.entries(initializers).map(([name, value]) => tensorProto(name, value)),
    input: Object.entries(inputs).map(([name, { dtype, shape }]) => {
      return symbolic(valueInfoProto(name, dtype, shape), text.symbols?.[name]);
    }),
    // Without a type: the runtime infers it.
    output: outputs.split(' ').map((name) => create(ValueInfoProtoSchema, { name })),
  });
  return create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) })],
    graph,
  });
}

function symbolic(info: ValueInfoProto, symbols?: readonly (string | number)[]): ValueInfoProto {
  const type = info.type?.value;
  if (!symbols || type?.case !== 'tensorType' || !type.value.shape) return info;
  type.value.shape.dim = symbols.map((n) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof n === 'string'
          ? { case: 'dimParam', value: n }
          : { case: 'dimValue', value: BigInt(n) },
    }),
  );
  return info;
}

export function encodeForeign(text: ForeignText): Uint8Array {
  return toBinary(ModelProtoSchema, foreignModel(text));
}

/** Normal numbers that depend on the shape and `seed` alone. */
export function normal(shape: readonly number[], seed = 1): Tensor {
  return tensor('float32', shape, Random.seeded(seed, shape.length).normals(elementCount(shape)));
}

export function positive(shape: readonly number[], seed = 1): Tensor {
  const numbers = toFloat64(normal(shape, seed)).map((x) => Math.abs(x) + 0.25);
  return fromFloat64('float32', shape, numbers);
}

export function listed(
  values: readonly number[],
  dtype: DType = 'int64',
  shape: readonly number[] = [values.length],
): Tensor {
  return fromFloat64(dtype, shape, values);
}

export function scalar(value: number, dtype: DType = 'float32'): Tensor {
  return fromFloat64(dtype, [], [value]);
}
