import sharp, { type Metadata, type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { attachMetadata, readMetadata } from './metadata-web.js';

const xmp =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>';

const formats = ['jpeg', 'png', 'webp'] as const;
type Format = (typeof formats)[number];

const picture = (width: number, height: number): Sharp =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 80, b: 40 } } });

async function blobOf(image: Sharp, format: Format): Promise<Blob> {
  const bytes = await image.toFormat(format).toBuffer();
  return new Blob([new Uint8Array(bytes)], { type: `image/${format}` });
}

/** A photo as cameras and editors leave it. */
function photo(format: Format): Promise<Blob> {
  const tagged = picture(30, 20)
    .withMetadata({ orientation: 6, density: 180 })
    .withExifMerge({ IFD0: { Make: 'Acme' }, IFD2: { PixelXDimension: '30' } })
    .withIccProfile('p3')
    .withXmp(xmp);
  return blobOf(tagged, format);
}

const restored = { width: 80, height: 120, scale: 4 };
const read = async (blob: Blob): Promise<Metadata> =>
  sharp(new Uint8Array(await blob.arrayBuffer())).metadata();

describe.each(formats)('the metadata of a %s file', (from) => {
  it.each(formats)('are all in the %s file made from it', async (to) => {
    const found = await readMetadata(await photo(from));
    const bare = await blobOf(picture(80, 120), to);
    const { blob, kept, lost } = await attachMetadata(bare, found, restored);
    const { exif, icc, xmp: written, ...rest } = await read(blob);
    expect(rest).toMatchObject({ format: to, width: 80, height: 120, orientation: 1 });
    expect(exif?.toString('latin1')).toContain('Acme');
    expect(icc).toEqual((await read(await photo(from))).icc);
    expect(written?.toString()).toBe(xmp.replace('"6"', '"1"'));
    expect(kept.slice(0, 3)).toEqual([
      'camera data (EXIF)',
      'editing data (XMP)',
      'colour profile (ICC)',
    ]);
    if (from === 'png' && to === 'png') expect(rest.density).toBe(720);
    // A JPEG with EXIF has it there, a PNG in a chunk of its own.
    expect(lost).toEqual(from === 'png' && to === 'webp' ? ['print resolution'] : []);
  });
});

it('writes nothing that is not there', async () => {
  const bare = await blobOf(picture(8, 8), 'png');
  const { blob, kept, lost } = await attachMetadata(bare, await readMetadata(bare), restored);
  // Which this encoder always writes.
  expect([kept, lost]).toEqual([['print resolution'], []]);
  expect(blob.size).toBe(bare.size);
});

it('keeps transparency where an extended header is added to it', async () => {
  const found = await readMetadata(await photo('webp'));
  const clear = picture(80, 120).ensureAlpha(0.5);
  for (const lossless of [true, false]) {
    const bytes = new Uint8Array(await clear.clone().webp({ lossless }).toBuffer());
    const bare = new Blob([bytes], { type: 'image/webp' });
    const { blob } = await attachMetadata(bare, found, restored);
    expect(await read(blob)).toMatchObject({ hasAlpha: true, width: 80, height: 120 });
  }
});

it('says what is lost: depth, frames, profiles of other colour models, unknown formats', async () => {
  const deep = await blobOf(picture(8, 8).toColourspace('rgb16'), 'png');
  const grey = await blobOf(picture(8, 8).toColourspace('b-w').withIccProfile('p3'), 'jpeg');
  const other = new Blob([new Uint8Array(20)], { type: 'image/avif' });
  const lostOf = async (file: Blob): Promise<readonly string[]> => {
    const bare = await blobOf(picture(8, 8), 'png');
    return (await attachMetadata(bare, await readMetadata(file), restored)).lost;
  };
  expect(await lostOf(deep)).toContain('16-bit depth (8 bits here)');
  expect((await readMetadata(grey)).profile).toBe((await read(grey)).space === 'srgb');
  expect(await lostOf(other)).toEqual(['metadata of image/avif, which is not read here']);
});

it('takes damaged files for files without metadata', async () => {
  const bytes = new Uint8Array(await (await photo('jpeg')).arrayBuffer());
  for (let length = 2; length < bytes.length; length += 97) {
    const cut = new Blob([bytes.slice(0, length)], { type: 'image/jpeg' });
    const bare = await blobOf(picture(8, 8), 'jpeg');
    const { blob } = await attachMetadata(bare, await readMetadata(cut), restored);
    expect((await read(blob)).width).toBe(8);
  }
});
