// Standard normal numbers at the speed of memory. A table is made once; noise is the scaled sum of two windows of
// it, drawn anew every 1,024 values. A sum of two normals is a normal, so nothing is approximated but independence
// between far-away values: 2^37 pairs of windows and signs make a chunk that comes twice improbable.

import { Random } from '../../../tensor/index.js';

const TABLE = 2 ** 18;
const CHUNK = 1024;

let table: Float32Array | undefined;

/** The same numbers on every platform; made when first asked for (20 ms), one chunk longer than what is drawn from. */
function normalTable(): Float32Array {
  table ??= standardized(Random.seeded(0x6e6f726d).normals(TABLE + CHUNK));
  return table;
}

/** With a mean of 0 and a variance of 1 to the last digit: what all noise shares has no chance in it. */
function standardized(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return values.map((x) => (x - mean) / Math.sqrt(variance));
}

/** Fills with standard normal numbers, a function of the state of `random`: some hundred millions a second. */
export function fillNormals<T extends Float32Array>(out: T, random: Random): T {
  const normals = normalTable();
  for (let begin = 0; begin < out.length; begin += CHUNK) {
    const end = Math.min(out.length, begin + CHUNK);
    const first = random.uint32();
    const second = random.uint32();
    // The sign comes from bits that do not choose the window.
    const a = first & 1 ? Math.SQRT1_2 : -Math.SQRT1_2;
    const b = second & 1 ? Math.SQRT1_2 : -Math.SQRT1_2;
    let i = first >>> 14;
    let j = second >>> 14;
    for (let to = begin; to < end; to++) out[to] = a * normals[i++] + b * normals[j++];
  }
  return out;
}

/** `length` standard normal numbers. */
export function drawNormals(length: number, random: Random): Float32Array {
  return fillNormals(new Float32Array(length), random);
}
