/** Bytes in a buffer of their own, as `Blob` takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The characters of a Latin-1 or ASCII text as bytes. */
export function latin1(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, i) => bytes[i] === byte);
}

/** The text of bytes as Latin-1, such as the four letters of a chunk's name. */
export function latin1Text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

export function concatBytes(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A number in four bytes, the highest first. */
export function uint32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}

/** A number in four bytes, the lowest first. */
export function uint32LittleEndian(value: number): Bytes {
  return uint32(value).reverse();
}
