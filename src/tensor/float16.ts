// IEEE 754 half precision and bfloat16 as raw bits. Decoding half precision goes through a table of all
// 65,536 values: 256 kB for a rate of billions a second, where bit arithmetic reaches millions.

const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

const float16Table = /* @__PURE__ */ buildFloat16Table();

function buildFloat16Table(): Float32Array {
  const table = new Float32Array(65536);
  for (let exponent = 0; exponent < 31; exponent++) {
    const unit = 2 ** (Math.max(exponent, 1) - 25);
    const hidden = exponent === 0 ? 0 : 1024;
    for (let fraction = 0; fraction < 1024; fraction++) {
      const bits = (exponent << 10) | fraction;
      table[bits] = (hidden + fraction) * unit;
      table[bits | 0x8000] = -table[bits];
    }
  }
  for (const [sign, infinity] of [
    [0, Infinity],
    [0x8000, -Infinity],
  ]) {
    table.fill(NaN, sign | 0x7c00, (sign | 0x7fff) + 1);
    table[sign | 0x7c00] = infinity;
  }
  return table;
}

/** Half-precision bits to numbers, exactly. */
export function float16ToFloat32(
  bits: Uint16Array,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  for (let i = 0; i < bits.length; i++) out[i] = float16Table[bits[i]];
  return out;
}

/** Numbers to half-precision bits, to nearest with ties to even; beyond 65,504 they become infinite. */
export function float32ToFloat16(
  values: Float32Array,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  for (let i = 0; i < values.length; i++) {
    scratchFloat[0] = values[i];
    out[i] = halfBits(scratchBits[0]);
  }
  return out;
}

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  if (magnitude < 0x33000000) return sign;
  // A subnormal half: shift the mantissa, with its hidden bit, to units of 2^-24.
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const quotient = mantissa >>> shift;
  const remainder = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const roundUp = remainder > half || (remainder === half && (quotient & 1) === 1);
  return sign | (quotient + (roundUp ? 1 : 0));
}

/** bfloat16 bits (the upper half of a float32) to numbers, exactly. */
export function bfloat16ToFloat32(
  bits: Uint16Array,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  const outBits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) outBits[i] = bits[i] << 16;
  return out;
}

/** Numbers to bfloat16 bits, to nearest with ties to even. */
export function float32ToBfloat16(
  values: Float32Array,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  for (let i = 0; i < values.length; i++) {
    scratchFloat[0] = values[i];
    const bits = scratchBits[0];
    const isNaN = (bits & 0x7fffffff) > 0x7f800000;
    out[i] = isNaN ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return out;
}
