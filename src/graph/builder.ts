import {
  fromFloat64,
  sameShape,
  tensor,
  type DType,
  type Shape,
  type Tensor,
} from '../tensor/index.js';
import { inferType } from './infer.js';
import type { Graph, NamedValue, Node, Tap, Value } from './ir.js';
import type { Attributes, ConvAttributes, ConvTransposeAttributes, Op } from './operators.js';

/**
 * Grows a graph. Every operation is type-checked as it is added, and an operation that was built
 * before with the same operands is returned instead of repeated (so backward passes share what the
 * forward pass has computed).
 */
export class GraphBuilder {
  private nextId = 0;
  private readonly inputs: NamedValue[] = [];
  private readonly params: NamedValue[] = [];
  private readonly nodes: Node[] = [];
  private readonly taps: Tap[] = [];
  private readonly known = new Map<string, Value>();
  private readonly names = new Set<string>();

  /** A value fed on every run. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): NamedValue {
    return this.named(this.inputs, name, shape, dtype);
  }

  /** A value the session holds: a weight under its state-dict key. */
  param(name: string, shape: Shape, dtype: DType = 'float32'): NamedValue {
    return this.named(this.params, name, shape, dtype);
  }

  /** A literal tensor. Meant for small tables; weights are params. */
  constant(literal: Tensor): Value {
    return this.apply('constant', [], { tensor: literal });
  }

  /** A literal number, of `dtype`. */
  scalar(value: number, dtype: DType = 'float32'): Value {
    if (dtype === 'int64')
      return this.constant(tensor('int64', [], BigInt64Array.of(BigInt(value))));
    return this.constant(fromFloat64(dtype, [], [value]));
  }

  /**
   * Adds one operation.
   * @throws Error naming the operator, what it expected and what it got.
   */
  apply<O extends Op>(op: O, operands: readonly Value[], attributes: Attributes[O]): Value {
    const type = inferType(op, operands, attributes);
    const key = operationKey(op, operands, attributes);
    const existing = key === null ? undefined : this.known.get(key);
    if (existing) return existing;
    const output: Value = {
      id: this.nextId++,
      shape: type.shape,
      dtype: type.dtype,
    };
    this.nodes.push({ op, inputs: operands, attributes, output } as Node);
    if (key !== null) this.known.set(key, output);
    return output;
  }

  /** Records `value` as a place to look at, and returns it. */
  tap(name: string, value: Value, reduction: number): Value {
    // Maps are [N, C, H, W], sequences [N, tokens, C], vectors [N, C].
    const { shape } = value;
    const channels = shape[shape.length === 3 ? 2 : 1];
    this.taps.push({ name, value, channels, reduction });
    return value;
  }

  /** The graph of everything that `outputs` needs; the rest is left out, declared inputs and params stay. */
  build(outputs: Readonly<Record<string, Value>>): Graph {
    const needed = new Set(Object.values(outputs).map((value) => value.id));
    for (const tap of this.taps) needed.add(tap.value.id);
    const kept: Node[] = [];
    for (const node of [...this.nodes].reverse()) {
      if (!needed.has(node.output.id)) continue;
      kept.push(node);
      for (const input of node.inputs) needed.add(input.id);
    }
    return {
      inputs: [...this.inputs],
      params: [...this.params],
      nodes: kept.reverse(),
      outputs,
      taps: [...this.taps],
    };
  }

  neg(x: Value): Value {
    return this.apply('neg', [x], {});
  }
  add(a: Value, b: Value): Value {
    return this.apply('add', [a, b], {});
  }
  sub(a: Value, b: Value): Value {
    return this.apply('sub', [a, b], {});
  }
  mul(a: Value, b: Value): Value {
    return this.apply('mul', [a, b], {});
  }
  div(a: Value, b: Value): Value {
    return this.apply('div', [a, b], {});
  }
  /** `x * factor` for a literal factor. */
  scale(x: Value, factor: number): Value {
    return factor === 1 ? x : this.mul(x, this.literalFor(x, factor));
  }
  /** `x + offset` for a literal offset. */
  shift(x: Value, offset: number): Value {
    return offset === 0 ? x : this.add(x, this.literalFor(x, offset));
  }
  sigmoid(x: Value): Value {
    return this.apply('sigmoid', [x], {});
  }
  relu(x: Value): Value {
    return this.apply('relu', [x], {});
  }
  /** x * sigmoid(x), also called swish. */
  silu(x: Value): Value {
    return this.mul(x, this.sigmoid(x));
  }
  matmul(a: Value, b: Value): Value {
    return this.apply('matmul', [a, b], {});
  }
  reshape(x: Value, shape: Shape): Value {
    return this.apply('reshape', [x], { shape });
  }
  expand(x: Value, shape: Shape): Value {
    return this.apply('expand', [x], { shape });
  }
  transpose(x: Value, perm: readonly number[]): Value {
    return this.apply('transpose', [x], { perm });
  }
  concat(parts: readonly Value[], axis: number): Value {
    return parts.length === 1 ? parts[0] : this.apply('concat', parts, { axis });
  }
  /** Elements `start` to `end` (exclusive) of one axis. */
  sliceAxis(x: Value, axis: number, start: number, end: number): Value {
    return this.apply('slice', [x], {
      starts: x.shape.map((_, i) => (i === axis ? start : 0)),
      ends: x.shape.map((n, i) => (i === axis ? end : n)),
      steps: x.shape.map(() => 1),
    });
  }
  /** Zeros around each axis, if any. */
  pad(x: Value, before: readonly number[], after: readonly number[]): Value {
    const none = [...before, ...after].every((length) => length === 0);
    return none ? x : this.apply('pad', [x], { before, after, mode: 'constant' });
  }
  /** Sums over `axes`, which stay with length 1. */
  reduceSum(x: Value, axes: readonly number[]): Value {
    return this.apply('reduceSum', [x], { axes });
  }
  /** Averages over `axes`, which stay with length 1. */
  reduceMean(x: Value, axes: readonly number[]): Value {
    return this.apply('reduceMean', [x], { axes });
  }
  /** Sums a gradient down to the shape of an operand that was broadcast: the adjoint of `expand`. */
  sumTo(x: Value, shape: Shape): Value {
    if (sameShape(x.shape, shape)) return x;
    const extra = x.shape.length - shape.length;
    const axes = x.shape.flatMap((n, axis) =>
      axis < extra || (shape[axis - extra] === 1 && n !== 1) ? [axis] : [],
    );
    return this.reshape(axes.length > 0 ? this.reduceSum(x, axes) : x, shape);
  }
  conv(x: Value, weight: Value, bias: Value | null, options: Partial<ConvAttributes> = {}): Value {
    const attributes = { ...defaultConv, ...options };
    return this.apply('conv', bias ? [x, weight, bias] : [x, weight], attributes);
  }
  convTranspose(
    x: Value,
    weight: Value,
    bias: Value | null,
    options: Partial<ConvTransposeAttributes> = {},
  ): Value {
    const attributes = {
      ...defaultConv,
      outputPadding: [0, 0] as const,
      ...options,
    };
    return this.apply('convTranspose', bias ? [x, weight, bias] : [x, weight], attributes);
  }
  pixelShuffle(x: Value, blockSize: number): Value {
    return this.apply('depthToSpace', [x], { blockSize });
  }
  /** The inverse of pixelShuffle: each block of `[N, C, H, W]` becomes `blockSize ** 2` channels. */
  pixelUnshuffle(x: Value, blockSize: number): Value {
    return this.apply('spaceToDepth', [x], { blockSize });
  }

  private literalFor(x: Value, value: number): Value {
    return this.scalar(value, x.dtype);
  }

  private named(list: NamedValue[], name: string, shape: Shape, dtype: DType): NamedValue {
    if (this.names.has(name)) throw new Error(`expected a new name, got ${name} a second time`);
    this.names.add(name);
    const value: NamedValue = { id: this.nextId++, shape, dtype, name };
    list.push(value);
    return value;
  }
}

const defaultConv: ConvAttributes = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  groups: 1,
};

/** Equal for operations that compute the same; null for large literals, which cost more to compare than to repeat. */
function operationKey(op: Op, operands: readonly Value[], attributes: object): string | null {
  if ('tensor' in attributes) {
    const { dtype, shape, data } = (attributes as Attributes['constant']).tensor;
    return data.length <= 16 ? `constant ${dtype}[${shape.join()}] ${data.join()}` : null;
  }
  // JSON has no infinities: a clip without an upper bound must not equal one without a lower bound.
  const spelled = JSON.stringify(attributes, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
  return `${op}(${operands.map((value) => value.id).join(',')})${spelled}`;
}
