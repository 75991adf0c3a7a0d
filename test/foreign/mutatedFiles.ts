import { Random } from '../../src/tensor/index.js';

/** Files to damage: of both formats, small. */
export function savedFiles(read: (name: string) => Uint8Array): readonly Uint8Array[] {
  return ['run.pth', 'run-legacy.pth', 'compact-x4.pth', 'compact-x2-half.pth'].map(read);
}

/** What bytes are often decisive in zip archives and pickles. */
const sharp = [0, 1, 0x28, 0x2e, 0x50, 0x51, 0x52, 0x62, 0x63, 0x68, 0x71, 0x80, 0x8a, 0x93, 0xff];

/** One of the files, with a few bytes changed, left out, repeated or cut off; the same seed gives the same. */
export function mutate(files: readonly Uint8Array[], seed: number): Uint8Array {
  const random = Random.seeded(seed);
  const below = (n: number): number => Math.floor(random.uniform() * n);
  let bytes: Uint8Array = Uint8Array.from(files[below(files.length)]);
  // Half of the damage goes where the pickle and the directory are: storages are numbers, which may be any.
  const place = (): number =>
    below(2) === 0 ? below(bytes.length) : below(Math.min(bytes.length, 1200));
  for (let count = 1 + below(6); count > 0; count--) {
    const at = place();
    const kind = below(6);
    if (kind < 3) bytes[at] = kind === 0 ? below(256) : sharp[below(sharp.length)];
    else if (kind === 3) bytes = bytes.slice(0, Math.max(1, at));
    else {
      const length = Math.min(1 + below(40), bytes.length - at);
      const part = bytes.slice(at, at + length);
      const middle = kind === 4 ? [] : [part, part];
      const tail = bytes.slice(at + length);
      bytes = joined([bytes.slice(0, at), ...middle, tail]);
    }
    if (bytes.length < 2) return bytes;
  }
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
