// Notes that ride along: IPTC, comments, and what other programs make of them.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPngText } from '../../src/image/index.js';
import { restoreToBytes, restoreToFile } from '../../src/restoration/restoreTo-node.js';
import { exiftool } from './exiftool.js';
import { identityRestorer } from './identity.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-notes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** IPTC's headline, as JPEG holds it: a record among Photoshop's resources. */
function withHeadline(jpeg: Buffer, headline: string): Buffer {
  const record = Buffer.concat([
    Buffer.from([0x1c, 2, 105, headline.length >> 8, headline.length & 255]),
    Buffer.from(headline),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(record.length);
  const resource = Buffer.concat([
    Buffer.from('Photoshop 3.0\0' + '8BIM'),
    Buffer.from([4, 4, 0, 0]),
    ...[size, record, Buffer.alloc(record.length % 2)],
  ]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(resource.length + 2);
  const segment = Buffer.concat([Buffer.from([0xff, 0xed]), length, resource]);
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}

async function photo(): Promise<Buffer> {
  const create = { width: 16, height: 12, channels: 3, background: '#884422' } as const;
  return withHeadline(await sharp({ create }).jpeg().toBuffer(), 'Harbour at noon');
}

async function headlineOf(path: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)('exiftool', ['-json', '-IPTC:Headline', path]);
  return (JSON.parse(stdout) as { Headline?: string }[])[0].Headline;
}

describe('IPTC', () => {
  const identity = identityRestorer(2);

  it.each(['jpg', 'tif'])('is in the %s made from a JPEG', async (extension) => {
    const output = join(folder, `headline.${extension}`);
    const { lost } = await restoreToFile(identity, await photo(), output, {});
    expect(lost).toEqual([]);
    expect((await readFile(output)).includes('Harbour at noon')).toBe(true);
    if (exiftool) expect(await headlineOf(output)).toBe('Harbour at noon');
  });

  it('is in the JPEG made from a TIFF', async () => {
    const [tiff, jpeg] = [join(folder, 'between.tif'), join(folder, 'back.jpg')];
    await restoreToFile(identity, await photo(), tiff, {});
    await restoreToFile(identity, tiff, jpeg, {});
    expect((await sharp(jpeg).metadata()).iptc?.includes('Harbour at noon')).toBe(true);
    if (exiftool) expect(await headlineOf(jpeg)).toBe('Harbour at noon');
  });

  it('is said to be lost where the format has no place for it', async () => {
    const { lost } = await restoreToBytes(identity, await photo(), 'webp', {});
    expect(lost).toEqual(['IPTC']);
  });
});

describe('a camera’s own note', () => {
  it.skipIf(!exiftool)('passes exiftool’s checks, with its EXIF, in every format', async () => {
    const tagged = join(folder, 'camera.jpg');
    await writeFile(tagged, await photo());
    const tags = ['-Make=Canon', '-Model=EOS', '-UserComment=Über', '-LensMake=Canon', '-ISO=400'];
    await promisify(execFile)('exiftool', ['-q', '-overwrite_original', ...tags, tagged]);
    for (const extension of ['jpg', 'png', 'webp', 'avif', 'tif']) {
      const output = join(folder, `camera_out.${extension}`);
      await restoreToFile(identityRestorer(2), tagged, output, {});
      const asked = ['-json', '-Make', '-Model', '-UserComment', '-LensMake', '-ISO', '-Error'];
      const { stdout } = await promisify(execFile)('exiftool', [...asked, output]);
      expect((JSON.parse(stdout) as object[])[0]).toEqual({
        ...{ SourceFile: output, Make: 'Canon', Model: 'EOS' },
        ...{ UserComment: 'Über', LensMake: 'Canon', ISO: 400 },
      });
    }
  });
});

describe('comments in a PNG', () => {
  it('stay', async () => {
    const create = { width: 8, height: 8, channels: 3, background: 'teal' } as const;
    const png = await sharp({ create }).png().toBuffer();
    const text = Buffer.from('Comment\0made by hand');
    const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from('tEXt'), text, Buffer.alloc(4)]);
    chunk.writeUInt32BE(text.length);
    chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
    const input = Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
    const { bytes } = await restoreToBytes(identityRestorer(2), input, 'png', {});
    expect((await sharp(bytes).metadata()).comments).toEqual([
      { keyword: 'Comment', text: 'made by hand' },
    ]);
  });
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe('HEIC', () => {
  it('is refused in words where its decoder is absent', async () => {
    const create = { width: 16, height: 16, channels: 3, background: 'teal' } as const;
    const avif = await sharp({ create }).avif().toBuffer();
    // The same container, said to hold the other codec.
    const heic = Buffer.from(
      avif.toString('latin1').replaceAll('avif', 'heic').replaceAll('av01', 'hvc1'),
      'latin1',
    );
    await expect(restoreToBytes(identityRestorer(2), heic, 'png', {})).rejects.toThrow(
      'image: HEIC needs a decoder that sharp does not bring; convert it to JPEG, PNG or AVIF first',
    );
  });
});

describe('comments of a PNG', () => {
  const keywords = ['Creation Time', 'Say "so"', 'R&D', '<b>', '"'.repeat(79)];

  it('come through whatever their keywords are, and harm nothing else', async () => {
    const create = { width: 8, height: 6, channels: 3, background: '#884422' } as const;
    const bare = await sharp({ create }).withIccProfile('p3').png().toBuffer();
    const png = keywords.reduce<Uint8Array>((file, name) => addPngText(file, name, 'a "b"'), bare);
    const { bytes } = await restoreToBytes(identityRestorer(2), png, 'png', {});
    const { comments = [], icc } = await sharp(bytes).metadata();
    const kept = comments.map(({ keyword, text }) => [keyword, text]).sort();
    expect(kept).toEqual(keywords.map((keyword) => [keyword, 'a "b"']).sort());
    const stripped = await restoreToBytes(identityRestorer(2), png, 'png', { metadata: 'strip' });
    expect((await sharp(stripped.bytes).metadata()).comments).toBe(undefined);
    expect(icc?.equals((await sharp(bare).metadata()).icc ?? Buffer.alloc(0))).toBe(true);
  });
});
