import type { Feeds } from '../../graph/index.js';
import { tensor, type Tensor } from '../../tensor/index.js';
import type { DenoisingPrompts } from '../objectives/unet/loss.js';
import type { KindsFrom } from '../data/pictureKinds.js';

/** The prompts of a training run, one a row; the last row is `""`, the unconditional one. */
export interface PromptTable {
  /** What a row stands for: a kind of pictures, or a text. */
  readonly names: readonly string[];
  /** How the loss graph takes them. */
  readonly spec: DenoisingPrompts;
  /** What latents are to be sorted by, so that `rowOf` knows them. */
  readonly kindsFrom: KindsFrom;
  /** The row of a kind of the latents. */
  rowOf(kind: number): number;
  /** What the loss graph is fed to tell its samples these rows. */
  feeds(rows: readonly number[]): Feeds;
}

/** Kinds of pictures, whose prompts are learned. */
export function kindPrompts(
  kinds: readonly string[],
  kindsFrom: KindsFrom,
  tokens: number,
): PromptTable {
  const names = [...kinds.filter((name) => name !== ''), ''];
  return {
    names,
    spec: { from: 'kinds', tokens, kinds: names.length },
    kindsFrom,
    rowOf: (kind) => rowNamed(names, kinds[kind] ?? ''),
    feeds: (rows) => ({ kind: tensor('int64', [rows.length], BigInt64Array.from(rows, BigInt)) }),
  };
}

/**
 * Texts whose embeddings are known.
 * @param embeddings of each name, `[1, tokens, width]`.
 * @param textOf the name that each kind of the latents has.
 */
export function textPrompts(
  embeddings: ReadonlyMap<string, Tensor<'float32'>>,
  kindsFrom: KindsFrom,
  textOf: (kind: number) => string,
): PromptTable {
  const names = [...[...embeddings.keys()].filter((name) => name !== ''), ''];
  const table = names.map((name) => embeddings.get(name)?.data ?? new Float32Array());
  const [, tokens, width] = embeddings.get('')?.shape ?? [1, 0, 0];
  const places = new Map(names.map((name, i) => [name, i]));
  return {
    names,
    spec: { from: 'embeddings', tokens },
    kindsFrom,
    rowOf: (kind) => places.get(textOf(kind)) ?? names.length - 1,
    feeds(rows) {
      const states = new Float32Array(rows.length * tokens * width);
      rows.forEach((row, i) => states.set(table[row], i * tokens * width));
      const shape = [rows.length, tokens, width];
      return { encoder_hidden_states: tensor('float32', shape, states) };
    },
  };
}

/** The row of a name; that of `""` for one that is not known. */
export function rowNamed(names: readonly string[], name: string): number {
  const row = names.indexOf(name);
  return row === -1 ? names.length - 1 : row;
}
