// Seeded randomness as an explicit argument. Only exactly rounded operations (+, *, /, sqrt) and integer
// arithmetic decide the stream, so that it is the same, bit for bit, on every platform.

import { portableCosineOfTurns, portableLog } from './portableMath.js';
import { elementCount, type Shape } from './shape.js';
import { tensor, type Tensor } from './tensor.js';

/** The whole state of a generator: plain data, so that a checkpoint can hold it. */
export type RandomState = readonly [number, number, number, number];

/** A xoshiro128** generator. One instance is one stream; `fork` derives an independent one. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  private constructor(state: RandomState) {
    [this.a, this.b, this.c, this.d] = state;
  }

  /** The stream of an integer seed (and, optionally, of a numbered sub-stream of it). */
  static seeded(seed: number, stream = 0): Random {
    let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(stream | 0, 0x85ebca77)) >>> 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    };
    return new Random([next(), next(), next(), next() | 1]);
  }

  static restored(state: RandomState): Random {
    return new Random(state);
  }

  get state(): RandomState {
    return [this.a, this.b, this.c, this.d];
  }

  /** A generator whose stream does not overlap in practice with this one's. */
  fork(): Random {
    return Random.seeded(this.uint32(), this.uint32());
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    const times5 = Math.imul(this.b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  /** A number in [0, 1). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 4294967296);
  }

  /** An integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** A standard normal number (Box-Muller), representable in float32. */
  normal(): number {
    const radius = Math.sqrt(-2 * portableLog(1 - this.uniform()));
    return Math.fround(radius * portableCosineOfTurns(this.uniform()));
  }

  /** `length` standard normal numbers. */
  normals(length: number): Float32Array {
    const values = new Float32Array(length);
    for (let i = 0; i < length; i++) values[i] = this.normal();
    return values;
  }

  /** A permutation of 0..length-1 (Fisher-Yates). */
  permutation(length: number): number[] {
    const order = Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** Standard normal noise that is the same for a seed (and numbered stream of it) on every platform. */
export function gaussianNoise(shape: Shape, seed: number, stream = 0): Tensor<'float32'> {
  return tensor('float32', shape, Random.seeded(seed, stream).normals(elementCount(shape)));
}
