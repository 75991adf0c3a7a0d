import type { Value } from '../graph/index.js';
import { tensor, type Tensor } from '../tensor/index.js';
import type { AttributeValue } from './proto.js';

/** What a rule writes into: constants and nodes of one ONNX graph. */
export interface Emitter {
  /** The name of a constant that holds these elements. */
  literal(value: Tensor): string;
  /** Adds a node and returns the name of its result: `result`, or a fresh one. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, AttributeValue>>,
    result?: string,
    /** Whose operator it is; ONNX's own without. */
    domain?: string,
  ): string;
}

/** A node of our graph, with the names that its values have in ONNX. */
export interface Operation<A> {
  readonly inputs: readonly string[];
  readonly operands: readonly Value[];
  readonly output: Value;
  /** The name that the result must get. */
  readonly result: string;
  readonly attributes: A;
}

export type EmitRule<A> = (emit: Emitter, operation: Operation<A>) => void;

/** The name of a constant vector of int64, such as axes or a shape. */
export function integers(emit: Emitter, values: readonly number[]): string {
  return emit.literal(tensor('int64', [values.length], BigInt64Array.from(values, BigInt)));
}
