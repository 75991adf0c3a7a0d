import { create } from './dom.js';

/** Hands a file to the browser's downloads. */
export function saveFile(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  create('a', { href, download: name }).click();
  // The download has begun by then; there is no event that says so.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
