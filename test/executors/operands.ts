import { elementCount, type DType, type Random, type Shape } from '../../src/tensor/index.js';

/** An operand of an operator under test: its type, how its numbers are drawn, whether it has a gradient. */
export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly differentiable: boolean;
  readonly draw: (random: Random) => number[];
}

function drawn(shape: Shape, one: (random: Random) => number): Operand {
  const draw = (random: Random): number[] =>
    Array.from({ length: elementCount(shape) }, () => one(random));
  return { shape, dtype: 'float32', differentiable: true, draw };
}

export function normal(shape: Shape, scale = 1): Operand {
  return drawn(shape, (random) => scale * random.normal());
}

/** Numbers in [0.5, 2). */
export function positive(shape: Shape): Operand {
  return drawn(shape, (random) => random.uniform(0.5, 2));
}

/** Numbers of either sign with a magnitude in [0.2, 2): clear of the kink of `abs` and `relu`. */
export function awayFromZero(shape: Shape): Operand {
  return drawn(shape, (random) => (random.integer(2) * 2 - 1) * random.uniform(0.2, 2));
}

/** Shuffled numbers 1/16 apart around zero, moved by `offset`: no two are closer than a comparison needs. */
export function spaced(shape: Shape, offset = 0): Operand {
  const length = elementCount(shape);
  const draw = (random: Random): number[] =>
    random.permutation(length).map((i) => (i - Math.floor(length / 2)) / 16 + offset);
  return { shape, dtype: 'float32', differentiable: true, draw };
}

/** The numbers as given. */
export function listed(shape: Shape, values: readonly number[], dtype: DType = 'float32'): Operand {
  return { shape, dtype, differentiable: dtype === 'float32', draw: () => [...values] };
}

/** Indices in [0, limit). */
export function indices(shape: Shape, limit: number): Operand {
  return {
    ...drawn(shape, (random) => random.integer(limit)),
    dtype: 'int64',
    differentiable: false,
  };
}

export function conditions(shape: Shape): Operand {
  return { ...drawn(shape, (random) => random.integer(2)), dtype: 'bool', differentiable: false };
}

/** The same operand, where its gradient does not exist or is not real. */
export function withoutGradient(operand: Operand): Operand {
  return { ...operand, differentiable: false };
}
