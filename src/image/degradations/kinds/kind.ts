// What a kind of degradation is: a plain form with its schema, how its numbers are drawn, and what it does to a picture.
// Drawing and doing are apart: what was drawn can be told, and is done without randomness but the seeds it holds.

import { z } from 'zod';
import type { Random } from '../../../tensor/index.js';
import type { Image } from '../../image.js';

/** Bounds that a number is drawn from, evenly; equal ones give that number. */
export type Range = readonly [low: number, high: number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is known of the picture where a degradation is drawn. */
export interface Place {
  /** The picture as it comes to the degradation. */
  readonly size: Size;
  /** The picture as the whole chain is to leave it. */
  readonly result: Size;
}

/** How a picture is put through a file format. */
export type Coding =
  | {
      readonly format: 'jpeg';
      readonly quality: number;
      readonly progressive: boolean;
      readonly chroma: '4:2:0' | '4:4:4';
    }
  | { readonly format: 'webp' | 'avif'; readonly quality: number };

/** Encodes and decodes a picture in 8 bits; `sharpCodec` in Node. */
export type PictureCodec = (image: Image, coding: Coding) => Promise<Image>;

/** A drawn step names its kind. */
export interface AnyStep {
  readonly kind: string;
}

/** A row of the table of kinds. Its functions are methods, so that rows of all kinds are rows of any step. */
export interface Kind<Schema extends z.ZodType, Step extends AnyStep> {
  readonly schema: Schema;
  draw(plain: z.output<Schema>, random: Random, place: Place): Step;
  apply(image: Image, step: Step, codec: PictureCodec): Image | Promise<Image>;
  /** The size after the step, where it is another. */
  resized?(step: Step, size: Size): Size;
  /** Whether the step is not to be undone, and is done to the picture that is learned as well. */
  isLasting?(step: Step): boolean;
}

/** What a kind is defined by: `draw` gives the numbers without the kind's name. */
interface KindDefinition<Plain, Drawn extends object> {
  draw(plain: Plain, random: Random, place: Place): Drawn;
  apply(image: Image, step: Drawn, codec: PictureCodec): Image | Promise<Image>;
  resized?(step: Drawn, size: Size): Size;
  isLasting?(step: Drawn): boolean;
}

type SchemaOf<K extends string, Shape extends z.ZodRawShape> = z.ZodObject<
  Shape & { readonly kind: z.ZodLiteral<K> },
  z.core.$strict
>;

/** The table's row for a kind. */
export function defineKind<
  const K extends string,
  Shape extends z.ZodRawShape,
  Drawn extends object,
>(
  kind: K,
  shape: Shape,
  definition: KindDefinition<z.output<SchemaOf<K, Shape>>, Drawn>,
): Kind<SchemaOf<K, Shape>, Drawn & { readonly kind: K }> {
  return {
    ...definition,
    schema: z.strictObject({ ...shape, kind: z.literal(kind) }),
    draw: (plain, random, place) => ({ ...definition.draw(plain, random, place), kind }),
  };
}

/** A number, or [low, high] to draw it from. */
export function rangeWithin(lowest: number, highest: number) {
  const error = `expected a number or [low, high] within ${lowest} to ${highest}`;
  return z
    .union([z.number(), z.tuple([z.number(), z.number()])], { error })
    .transform((value): Range => (typeof value === 'number' ? [value, value] : value))
    .refine(([low, high]) => lowest <= low && low <= high && high <= highest, { error });
}

export const probability = z.number().min(0).max(1);

export function drawFrom([low, high]: Range, random: Random): number {
  return low === high ? low : random.uniform(low, high);
}

/** Evenly by magnitude: as many numbers between 1 and 2 as between 2 and 4. */
export function drawByMagnitude([low, high]: Range, random: Random): number {
  return low === high ? low : Math.exp(random.uniform(Math.log(low), Math.log(high)));
}

export function drawOne<T>(options: readonly T[], random: Random): T {
  return options[random.integer(options.length)];
}
