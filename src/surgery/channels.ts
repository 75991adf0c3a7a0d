import type { Shape } from '../tensor/index.js';

/** Channels of one kind along an axis of a weight. Where the same space appears, the same ones are kept. */
export interface AxisPart {
  readonly space: string;
  readonly channels: number;
  /** Parts of equal size that belong together: groups of a norm, heads of attention. */
  readonly groups: number;
}

/** What one axis of a weight is made of, in order. */
export type Axis = readonly AxisPart[];

/** A part of which a narrower network keeps some. */
export interface NarrowedPart {
  readonly space: string;
  readonly groups: number;
  readonly kept: number;
  readonly of: number;
}

/** Says which `kept` of `of` channels stay, in ascending order; the same for the same space. */
export type ChannelChoice = (part: NarrowedPart) => readonly number[];

/** The space of the sinusoid that a timestep becomes: its channels are frequencies. */
export const sinusoidSpace = 'sinusoid';

/**
 * The first channels of each part (AdcSR, arXiv 2411.13383). Of the timestep's sinusoid, those of the nearest
 * frequencies, for a narrower network has others.
 */
export const firstChannels: ChannelChoice = ({ space, kept, of }) =>
  space === sinusoidSpace ? nearestFrequencies(kept, of) : range(kept);

/** Frequencies fall by a constant factor over the whole of the part, however many there are. */
export function nearestFrequencies(kept: number, of: number): readonly number[] {
  return range(kept).map((i) => Math.round((i * of) / kept));
}

export function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

/** A part that is the same whatever the width. */
export function wholePart(channels: number): AxisPart {
  return { space: 'whole', channels, groups: 1 };
}

/** Where an axis keeps what: elements of the whole, in order; null where all stay. */
export function keptElements(
  parts: readonly NarrowedPart[],
  choice: ChannelChoice,
): readonly number[] | null {
  if (parts.every(({ kept, of }) => kept === of)) return null;
  const elements: number[] = [];
  let before = 0;
  for (const part of parts) {
    const chosen = part.kept === part.of ? range(part.of) : choice(part);
    for (const channel of chosen) elements.push(before + channel);
    before += part.of;
  }
  return elements;
}

/** Elements before and after one axis: how often it repeats, and how many lie at each of its places. */
export function strides(shape: Shape, axis: number): { outer: number; inner: number } {
  const product = (sizes: Shape): number => sizes.reduce((a, n) => a * n, 1);
  return { outer: product(shape.slice(0, axis)), inner: product(shape.slice(axis + 1)) };
}
