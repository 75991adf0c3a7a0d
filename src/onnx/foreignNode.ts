import type { NodeProto } from 'onnx-buf';
import type { Value } from '../graph/index.js';
import { toFloat64, type Tensor } from '../tensor/index.js';
import type { FoldingBuilder } from './foldingBuilder.js';
import { NodeAttributes } from './readProto.js';

/** What a name of a foreign model stands for: a value of our graph, or elements known beforehand. */
export type Known = Value | Tensor;

export function isTensor(known: Known): known is Tensor {
  return 'data' in known;
}

/** The names that are known where a node stands. */
export interface Scope {
  readonly builder: FoldingBuilder;
  /** The model's operator set. */
  readonly opset: number;
  known(name: string): Known;
  /** The name as a value of our graph: elements become a param or a literal the first time. */
  value(name: string): Value;
}

/** A rule: what the outputs of a node are in our graph. */
export type ImportRule = (node: ForeignNode) => Known | readonly Known[];

/** A node of a foreign model, as its import rule sees it. */
export class ForeignNode {
  readonly attributes: NodeAttributes;
  readonly opset: number;
  readonly builder: FoldingBuilder;
  readonly outputCount: number;
  private readonly inputs: readonly string[];

  constructor(
    proto: NodeProto,
    private readonly scope: Scope,
  ) {
    this.attributes = new NodeAttributes(proto.attribute);
    this.inputs = proto.input;
    this.outputCount = proto.output.length;
    this.opset = scope.opset;
    this.builder = scope.builder;
  }

  get inputCount(): number {
    return this.inputs.length;
  }

  has(i: number): boolean {
    return i < this.inputs.length && this.inputs[i] !== '';
  }

  /** Operand `i` as it is. */
  known(i: number): Known {
    this.require(i);
    return this.scope.known(this.inputs[i]);
  }

  /** Operand `i` in our graph. */
  value(i: number): Value {
    this.require(i);
    return this.scope.value(this.inputs[i]);
  }

  /** All operands in our graph. */
  values(): Value[] {
    return this.inputs.map((_, i) => this.value(i));
  }

  optionalValue(i: number): Value | undefined {
    return this.has(i) ? this.value(i) : undefined;
  }

  /** The elements of operand `i`, or undefined where they depend on the model's inputs. */
  elements(i: number): Tensor | undefined {
    const known = this.known(i);
    return isTensor(known) ? known : this.builder.elementsOf(known);
  }

  /**
   * The elements of operand `i` as numbers, or undefined where there is no such operand.
   * @throws Error when they depend on the model's inputs.
   */
  numbers(i: number): number[] | undefined {
    if (!this.has(i)) return undefined;
    const elements = this.elements(i);
    if (!elements) throw new Error(`expected operand ${i} to be constant, got a computed value`);
    return Array.from(toFloat64(elements));
  }

  private require(i: number): void {
    if (!this.has(i))
      throw new Error(`expected an operand ${i}, got ${this.inputs.length} operands`);
  }
}
