// From the ONNX protobuf classes to our types.
import type { AttributeProto, TensorProto, ValueInfoProto } from 'onnx-buf';
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import {
  formatShape,
  fromFloat64,
  tensor,
  viewBytes,
  type DType,
  type Shape,
  type Tensor,
  type TypedArrays,
} from '../tensor/index.js';
import { onnxDataType } from './proto.js';

/**
 * Our dtype for an ONNX element type.
 * @throws Error for one that we have none for, such as INT8 or STRING.
 */
export function readDType(dataType: number): DType {
  const found = (Object.keys(onnxDataType) as DType[]).find(
    (dtype) => Number(onnxDataType[dtype]) === dataType,
  );
  if (found) return found;
  throw new Error(
    `expected a float, int64, int32, uint8 or bool, got ${DataType[dataType] ?? dataType}`,
  );
}

/**
 * A tensor of a model file; `external` holds its bytes where the file only says where they are.
 * @throws Error when the bytes are missing or are not as many as the shape asks for.
 */
export function readTensor(proto: TensorProto, external?: Uint8Array): Tensor {
  const dtype = readDType(proto.dataType);
  const shape = proto.dims.map(Number);
  if (isExternal(proto)) {
    if (!external) throw new Error('expected the bytes of its external data, got none');
    return tensor(dtype, shape, elementsOf(dtype, external));
  }
  if (proto.rawData.length > 0) return tensor(dtype, shape, elementsOf(dtype, proto.rawData));
  return fromFields(dtype, shape, proto);
}

/** Bytes of Node are often a Buffer, whose `slice` does not copy as `viewBytes` needs it to. */
function elementsOf<D extends DType>(dtype: D, bytes: Uint8Array): TypedArrays[D] {
  return viewBytes(dtype, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

export function isExternal(proto: TensorProto): boolean {
  return proto.dataLocation === DataLocation.EXTERNAL;
}

function fromFields(dtype: DType, shape: Shape, proto: TensorProto): Tensor {
  switch (dtype) {
    case 'float32':
      return fromFloat64(dtype, shape, proto.floatData);
    case 'float64':
      return fromFloat64(dtype, shape, proto.doubleData);
    case 'int64':
      return tensor(dtype, shape, BigInt64Array.from(proto.int64Data));
    case 'float16':
    case 'bfloat16':
      // Each element's bits in an int32 of its own.
      return tensor(dtype, shape, Uint16Array.from(proto.int32Data));
    default:
      return fromFloat64(dtype, shape, proto.int32Data);
  }
}

/**
 * The dtype and shape of an input; a symbolic dimension takes its length from `dimensions`, an unnamed one
 * under `<input>.<axis>`.
 * @throws Error listing every dimension without a length.
 */
export function readInputType(
  { name, type }: ValueInfoProto,
  dimensions: Readonly<Record<string, number>>,
): { dtype: DType; shape: Shape } {
  if (type?.value.case !== 'tensorType') throw new Error('expected a tensor');
  const { elemType, shape } = type.value.value;
  if (!shape) throw new Error('expected a shape, got none');
  const unbound: string[] = [];
  const lengths = shape.dim.map(({ value }, axis) => {
    if (value.case === 'dimValue') return Number(value.value);
    const symbol =
      value.case === 'dimParam' && value.value !== '' ? value.value : `${name}.${axis}`;
    if (Object.hasOwn(dimensions, symbol)) return dimensions[symbol];
    unbound.push(symbol);
    return 1;
  });
  if (lengths.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new Error(`expected lengths of at least 1, got ${formatShape(lengths)}`);
  }
  if (unbound.length > 0) throw new Error(`expected a length for ${unbound.join(', ')}, got none`);
  return { dtype: readDType(elemType), shape: lengths };
}

/** The attributes of a node, read by name and type; it remembers which were asked for. */
export class NodeAttributes {
  private readonly byName: ReadonlyMap<string, AttributeProto>;
  private readonly asked = new Set<string>();

  constructor(attributes: readonly AttributeProto[]) {
    this.byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  int<Missing>(name: string, missing: Missing): number | Missing {
    const found = this.find(name, AttributeType.INT);
    return found ? Number(found.i) : missing;
  }

  float<Missing>(name: string, missing: Missing): number | Missing {
    const found = this.find(name, AttributeType.FLOAT);
    return found ? found.f : missing;
  }

  string<Missing>(name: string, missing: Missing): string | Missing {
    const found = this.find(name, AttributeType.STRING);
    return found ? new TextDecoder().decode(found.s) : missing;
  }

  ints<Missing>(name: string, missing: Missing): number[] | Missing {
    const found = this.find(name, AttributeType.INTS);
    return found ? found.ints.map(Number) : missing;
  }

  floats<Missing>(name: string, missing: Missing): number[] | Missing {
    const found = this.find(name, AttributeType.FLOATS);
    return found ? found.floats : missing;
  }

  tensor<Missing>(name: string, missing: Missing): Tensor | Missing {
    const found = this.find(name, AttributeType.TENSOR);
    return found?.t ? readTensor(found.t) : missing;
  }

  /** Names that nothing has asked for: what a rule does not know must not be ignored. */
  unasked(): string[] {
    return [...this.byName.keys()].filter((name) => !this.asked.has(name));
  }

  private find(name: string, type?: AttributeType): AttributeProto | undefined {
    this.asked.add(name);
    const found = this.byName.get(name);
    if (found && type !== undefined && found.type !== type) {
      throw new Error(
        `attribute ${name}: expected ${AttributeType[type]}, got ${AttributeType[found.type]}`,
      );
    }
    return found;
  }
}
