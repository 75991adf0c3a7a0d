const MARK = 'infe';
/** Where the type of an item stands, by the version of its entry. */
const typeOffsets: Readonly<Record<number, number>> = { 2: 12, 3: 14 };

/**
 * Whether the items of a HEIF or AVIF file have types of plain letters. libvips makes names of those that it does not
 * know, writes these into its own files as they are, and does not end at a quotation mark.
 */
export function hasPlainItemTypes(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = file.indexOf(MARK); at >= 0; at = file.indexOf(MARK, at + 1)) {
    const offset = typeOffsets[file[at + MARK.length]];
    if (offset === undefined) continue;
    const type = file.toString('latin1', at + offset, at + offset + 4);
    if (!/^[ -~]*$/.test(type) || /["&<>]/.test(type)) return false;
  }
  return true;
}
