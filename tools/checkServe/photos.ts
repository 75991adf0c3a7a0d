import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Random } from 'nanosd';
import { nanosd } from './serverProcess.js';

/** A small photo, and what the command makes of it. */
export interface CheckPhoto {
  readonly name: string;
  readonly format: string;
  readonly bytes: Buffer;
  readonly expected: Buffer;
}

const kinds = [
  { format: 'png', width: 32, height: 24 },
  { format: 'jpeg', width: 40, height: 40 },
  { format: 'webp', width: 24, height: 33 },
  { format: 'png', width: 17, height: 48 },
  { format: 'tiff', width: 21, height: 20 },
  { format: 'gif', width: 28, height: 28 },
] as const;

/** Restores some photos with `nanosd restore -m MODEL`, one process each. */
export async function makePhotos(random: Random, model: string): Promise<CheckPhoto[]> {
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-check-photos-'));
  try {
    const photos: CheckPhoto[] = [];
    for (const [i, { format, width, height }] of kinds.entries()) {
      const data = Buffer.from(
        Array.from({ length: 3 * width * height }, () => Math.floor(256 * random.uniform())),
      );
      const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      const [input, output] = [join(folder, `${i}.${format}`), join(folder, `${i}-out.${format}`)];
      await writeFile(input, bytes);
      await nanosd('restore', input, '-o', output, '-m', model);
      const name = `${i}: ${format} of ${width}x${height}`;
      photos.push({ name, format, bytes, expected: await readFile(output) });
    }
    return photos;
  } finally {
    await rm(folder, { recursive: true });
  }
}
