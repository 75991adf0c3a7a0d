import { Random } from '../../../tensor/index.js';

/** Bytes `[channels, side, side]` that a pool keeps of every sample, under a name. */
export interface PoolPlane {
  readonly name: string;
  readonly channels: number;
  readonly side: number;
}

/** How many samples a pool has, and how it changes. */
export interface PoolWindow {
  /** Samples that a pass goes through. */
  readonly samples: number;
  /** The share of them that is new in each pass; 0 to 1. */
  readonly refresh: number;
}

/** Which stored sample a sample of a run is, and how it is turned. */
export interface PoolDraw {
  /** Counts the samples that the pool has ever had, from 0. */
  readonly number: number;
  /** 0 to 7, as of a `Crop`. */
  readonly orientation: number;
}

/**
 * A stream over a pool: every pass takes each sample of a window once, in an order of its own, and the window moves on by
 * the refreshed share from pass to pass. What sample `i` is follows from the seed and `i` alone.
 */
export function createPoolStream(seed: number, window: PoolWindow): (i: number) => PoolDraw {
  const { samples } = window;
  let ordered: { readonly pass: number; readonly order: readonly number[] } | null = null;
  return (i) => {
    const pass = Math.floor(i / samples);
    if (ordered?.pass !== pass) {
      // A stream of its own, apart from those of the samples.
      ordered = { pass, order: Random.seeded(seed, pass).fork().permutation(samples) };
    }
    const number = firstOfPass(pass, window) + ordered.order[i % samples];
    return { number, orientation: Random.seeded(seed, i).integer(8) };
  };
}

/** The first stored sample that a pass takes. */
export function firstOfPass(pass: number, window: PoolWindow): number {
  return pass * renewedEachPass(window);
}

/**
 * The stored samples that are to be there once `i` samples have been taken: those of the pass, and of what the next one
 * takes besides, as much as the pass is far.
 */
export function dueAt(
  i: number,
  window: PoolWindow,
): { readonly from: number; readonly to: number } {
  const pass = Math.floor(i / window.samples);
  const from = firstOfPass(pass, window);
  const share = (i % window.samples) / window.samples;
  return { from, to: from + window.samples + Math.ceil(share * renewedEachPass(window)) };
}

function renewedEachPass({ samples, refresh }: PoolWindow): number {
  return Math.round(samples * refresh);
}

/** Two words before the bytes of a sample: a checksum, and its number. */
const headBytes = 8;

/** Of a sample on disk, padded to whole words. */
export function recordBytes(planes: readonly PoolPlane[]): number {
  const bytes = planes.reduce((sum, plane) => sum + planeBytes(plane), 0);
  return headBytes + Math.ceil(bytes / 4) * 4;
}

export function planeBytes({ channels, side }: PoolPlane): number {
  return channels * side * side;
}

/** A file is made as a whole, or again: small enough for seconds, and for threads to have several each. */
const fileBytes = 16e6;
const fewestFiles = 16;

/** Samples in each file of a pool of so many. */
export function fileSamples(planes: readonly PoolPlane[], samples: number): number {
  const most = Math.floor(fileBytes / recordBytes(planes));
  return Math.max(1, Math.min(most, Math.ceil(samples / fewestFiles)));
}

/** A sample in memory: its planes, and the checksum that tells it from any other bytes. */
export interface PoolRecord {
  readonly bytes: Uint8Array;
  /** Of a plane, in the bytes. */
  plane(name: string): Uint8Array;
}

/** Lays out a record over bytes, which are at a multiple of 4 in their buffer. */
export function poolRecord(planes: readonly PoolPlane[], bytes: Uint8Array): PoolRecord {
  let at = headBytes;
  const places = new Map<string, Uint8Array>();
  for (const plane of planes) {
    places.set(plane.name, bytes.subarray(at, at + planeBytes(plane)));
    at += planeBytes(plane);
  }
  return {
    bytes,
    plane(name) {
      const found = places.get(name);
      if (!found) throw new Error(`${name}: expected ${[...places.keys()].join(', ')}`);
      return found;
    },
  };
}

/** Marks a record as sample `number` of a pool; `key` is another for every pool. */
export function sealRecord({ bytes }: PoolRecord, number: number, key: number): void {
  const words = wordsOf(bytes);
  words[1] = number;
  words[0] = checksum(words, key);
}

/** Whether a record is sample `number` of a pool, every byte of it. */
export function isSealed({ bytes }: PoolRecord, number: number, key: number): boolean {
  const words = wordsOf(bytes);
  return words[1] === number && words[0] === checksum(words, key);
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** Of all words but the first: a multiply and a shift each, as in MurmurHash. */
function checksum(words: Uint32Array, key: number): number {
  let hash = key | 0;
  for (let i = 1; i < words.length; i++) {
    hash = Math.imul(hash ^ words[i], 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
