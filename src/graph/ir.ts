import type { DType, Shape } from '../tensor/index.js';
import type { Attributes, Op } from './operators.js';

/** What an operator computes on, known before anything runs. */
export interface Value {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A value that comes from outside: fed on every run (inputs) or held by the session (params). */
export interface NamedValue extends Value {
  readonly name: string;
}

/** One operation. Every operator has exactly one result. */
export interface NodeOf<O extends Op> {
  readonly op: O;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes[O];
  readonly output: Value;
}

export type Node = { readonly [O in Op]: NodeOf<O> }[Op];

/**
 * A place inside a network that can be looked at: an output of a block, recorded while it was built.
 * Distillation is a graph transform over pairs of taps.
 */
export interface Tap {
  readonly name: string;
  readonly value: Value;
  readonly channels: number;
  /** Input pixels (or latent cells) a side for one cell of this map. */
  readonly reduction: number;
}

/**
 * A pure function as plain data. Nodes stand in an order in which they can run.
 * `params` carry state-dict keys as names; a graph holds their shapes, never their numbers.
 */
export interface Graph {
  readonly inputs: readonly NamedValue[];
  readonly params: readonly NamedValue[];
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Value>>;
  readonly taps: readonly Tap[];
}

/** A graph of a configuration; holds no numbers. */
export type Model<Config> = (config: Config) => Graph;
