/** Both have eight bytes, as Exif wants before a comment. */
const asciiCode = 'ASCII\0\0\0';
const unicodeCode = 'UNICODE\0';

/** A text of one byte a character that takes the place of `comment` until `fillUserComment`. */
export function userCommentSpace(comment: string): string {
  return '\u007e'.repeat(2 * comment.length);
}

/**
 * Writes a comment of any characters into a file that was made with `userCommentSpace` as its Exif UserComment: libvips
 * knows ASCII alone there. UTF-16 with the high byte first, whatever the byte order of the rest, is what programs that
 * keep prompts in it write and read.
 * @throws Error for a file without that space.
 */
export function fillUserComment(file: Uint8Array, comment: string): void {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const at = bytes.indexOf(asciiCode + userCommentSpace(comment), 0, 'latin1');
  if (at === -1) throw new Error('expected a file with space for a comment');
  bytes.write(unicodeCode, at, 'latin1');
  const text = Buffer.from(comment, 'utf16le').swap16();
  text.copy(bytes, at + unicodeCode.length);
}
