// How presets are made weaker and stronger: what is written is strength 1.

import type { Range } from '../kinds/kind.js';

/** An amount such as a deviation: in proportion, within bounds. */
export function amount(low: number, high: number, strength: number, [least, most]: Range): Range {
  const limit = (value: number): number => Math.min(most, Math.max(least, value * strength));
  return [limit(low), limit(high)];
}

/** A quality of a codec: what is lacking to 100, in proportion. */
export function quality(low: number, high: number, strength: number): Range {
  const limit = (value: number): number =>
    Math.min(100, Math.max(5, Math.round(100 - (100 - value) * strength)));
  return [limit(low), limit(high)];
}

/** Steps of a choice by their weights, without those that never come. */
export function oneOf(...options: readonly (readonly [weight: number, step: object])[]): object {
  const of = options.filter(([weight]) => weight > 0).map(([weight, step]) => ({ weight, step }));
  return { kind: 'choice', of };
}

export function inOrder(...steps: readonly object[]): object {
  return { kind: 'sequence', steps };
}

/** Leaves the picture as it is. */
export const nothing = { kind: 'sequence', steps: [] } as const;
