// Thin constructors over the generated ONNX protobuf classes.
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import type { DType, Shape, Tensor } from '../tensor/index.js';

/** Where a tensor's bytes lie in a file beside the model. */
export interface ExternalData {
  readonly dtype: DType;
  readonly shape: Shape;
  /** A path relative to the model file's folder. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A weight of an ONNX model: its numbers, or where they are. */
export type Initializer = Tensor | ExternalData;

export const onnxDataType: { readonly [D in DType]: DataType } = {
  float64: DataType.DOUBLE,
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  bfloat16: DataType.BFLOAT16,
  int64: DataType.INT64,
  int32: DataType.INT32,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
};

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: Tensor };

/** An attribute: integers, integer lists and strings as they are, everything else wrapped. */
export function attributeProto(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === 'string') {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  }
  if ('floats' in value) {
    const floats = [...value.floats];
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats });
  }
  if ('tensor' in value) {
    const t = tensorProto('', value.tensor);
    return create(AttributeProtoSchema, { name, type: AttributeType.TENSOR, t });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

export function valueInfoProto(name: string, dtype: DType, shape: Shape): ValueInfoProto {
  const dim = shape.map((n) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(n) } }),
  );
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: onnxDataType[dtype],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  const type = create(TypeProtoSchema, { value: { case: 'tensorType', value: tensorType } });
  return create(ValueInfoProtoSchema, { name, type });
}

export function tensorProto(name: string, initializer: Initializer): TensorProto {
  const common = {
    name,
    dataType: onnxDataType[initializer.dtype],
    dims: initializer.shape.map(BigInt),
  };
  if ('data' in initializer) {
    const { buffer, byteOffset, byteLength } = initializer.data;
    const rawData = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    return create(TensorProtoSchema, { ...common, rawData });
  }
  const { location, offset, length } = initializer;
  const externalData = Object.entries({ location, offset, length }).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value: String(value) }),
  );
  return create(TensorProtoSchema, {
    ...common,
    dataLocation: DataLocation.EXTERNAL,
    externalData,
  });
}
