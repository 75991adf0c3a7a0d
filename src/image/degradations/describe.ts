import type { Size } from './kinds/kind.js';
import { kindOf, type DrawnStep } from './kinds/kinds.js';
import type { Degradation } from './plain.js';

/** A drawn step in a few words, without seeds: `noise sigma 12.3 colour`. */
export function describeStep({ kind, ...numbers }: DrawnStep): string {
  const words = Object.entries(numbers)
    .filter(([, value]) => value !== kind)
    .flatMap(([name, value]) => wordsOf(name, value));
  return [kind, ...words].join(' ');
}

function wordsOf(name: string, value: unknown): string[] {
  if (name === 'seed' || value === 0 || value === false || value === null) return [];
  if (value === true) return [name];
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [name, String(Number(value.toPrecision(3)))];
  if (name !== 'processing' || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([inner, number]) => wordsOf(inner, number));
}

/** The size of a picture after drawn steps. */
export function sizeAfter(steps: readonly DrawnStep[], { width, height }: Size): Size {
  const size: Size = { width, height };
  return steps.reduce((now, step) => kindOf(step).resized?.(step, now) ?? now, size);
}

/** How many times smaller a degradation makes pictures by itself; null where that is left to the task. */
export function scaleOf(degradation: Degradation): number | null {
  switch (degradation.kind) {
    case 'bicubic':
      return degradation.scale;
    case 'sequence':
      return degradation.scale ?? lastScale(degradation.steps);
    case 'choice':
      return lastScale(degradation.of.map(({ step }) => step));
    default:
      return null;
  }
}

function lastScale(degradations: readonly Degradation[]): number | null {
  return degradations.map(scaleOf).findLast((scale) => scale !== null) ?? null;
}
