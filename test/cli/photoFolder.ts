// Folders of photos, good and bad ones.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';

/** One of many pictures that differ in colour. */
export const picture = (i: number, width = 18, height = 12) => {
  const background = { r: (37 * i) % 256, g: (91 * i) % 256, b: (53 * i) % 256 };
  return sharp({ create: { width, height, channels: 3, background } });
};

/** A picture said to have 40,000 x 40,000 pixels: as deflated zeros, it would be a small file. */
async function bomb(): Promise<Buffer> {
  const bytes = await picture(0).png().toBuffer();
  bytes.writeUInt32BE(40_000, 16);
  bytes.writeUInt32BE(40_000, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  return bytes;
}

/** 12 bad files of six kinds, and what the report says of each. */
export async function writeBadFiles(folder: string): Promise<Map<string, RegExp>> {
  const jpeg = await picture(1, 120, 90).jpeg().toBuffer();
  const png = await picture(2, 120, 90).png({ compressionLevel: 0 }).toBuffer();
  const bad: [name: string, bytes: Buffer | null, reason: RegExp][] = [
    ['cut-1.jpg', jpeg.subarray(0, jpeg.length * 0.6), /damaged/],
    ['cut-2.png', png.subarray(0, png.length / 2), /damaged/],
    ['cut-3.jpg', jpeg.subarray(0, 40), /damaged/],
    ['text-1.jpg', Buffer.from('Dear diary,'), /expected an image, got something else/],
    ['text-2.png', Buffer.from('{"json": true}'), /expected an image, got something else/],
    ['zip.webp', Buffer.from('PK\x03\x04 and so on'), /expected an image, got something else/],
    ['empty-1.jpg', Buffer.alloc(0), /expected an image, got no bytes/],
    ['empty-2.tif', Buffer.alloc(0), /expected an image, got no bytes/],
    ['bomb-1.png', await bomb(), /expected at most 268435456 pixels, got 40000x40000/],
    ['bomb-2.png', await bomb(), /expected at most 268435456 pixels, got 40000x40000/],
    ['gone-1.jpg', null, /no such file/],
    ['gone-2.png', null, /no such file/],
  ];
  for (const [name, bytes] of bad) {
    if (bytes) await writeFile(join(folder, name), bytes);
    else await symlink('nowhere', join(folder, name));
  }
  return new Map(bad.map(([name, , reason]) => [name, reason]));
}

/** Writes good photos of four formats into folders inside folders. */
export async function writePhotos(folder: string, count: number): Promise<void> {
  const formats = ['jpg', 'png', 'webp', 'tif'];
  for (let i = 0; i < count; i++) {
    const below = join(folder, `year-${i % 3}`, i % 2 ? 'summer' : '');
    await mkdir(below, { recursive: true });
    await picture(i).toFile(join(below, `photo-${i}.${formats[i % 4]}`));
  }
}
