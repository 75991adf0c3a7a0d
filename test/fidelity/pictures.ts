import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { addTiffNotes } from '../../src/image/tiffNotes-node.js';

export type Format = 'jpeg' | 'png' | 'webp' | 'avif' | 'tiff';

/** One kind of file. */
export interface Kind {
  readonly format: Format;
  readonly colours: 'gray' | 'rgb';
  readonly opacity: boolean;
  readonly depth: 8 | 16;
  /** EXIF's number: 6 is a quarter turn. */
  readonly orientation: number;
  /** Whether it carries a colour profile other than sRGB's. */
  readonly profile: boolean;
}

export const width = 24;
export const height = 16;

const xmp =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" ' +
  'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" dc:source="fidelity" tiff:Orientation="6"/>' +
  '</rdf:RDF></x:xmpmeta>';

const exif = {
  IFD0: { Artist: 'Jane Doe', Model: 'Camera 7' },
  IFD2: { LensModel: 'Lens 50mm', DateTimeOriginal: '2024:05:06 07:08:09' },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100' },
};

/** Interleaved samples that look different from every side. */
export function samples({ colours, opacity, depth }: Kind): Uint8Array | Uint16Array {
  const channels = (colours === 'gray' ? 1 : 3) + (opacity ? 1 : 0);
  const most = depth === 16 ? 65535 : 255;
  const values = Array.from({ length: width * height * channels }, (_, i) => {
    const channel = i % channels;
    const x = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width);
    if (opacity && channel === channels - 1) return Math.round(most * (0.5 + (0.5 * x) / width));
    return Math.round(most * (0.1 + (0.5 * x) / width + (0.2 * y) / height + 0.07 * channel));
  });
  return depth === 16 ? Uint16Array.from(values) : Uint8Array.from(values);
}

/** A file of this kind, at 300 pixels an inch, with EXIF and XMP. */
export async function pictureFile(kind: Kind): Promise<Buffer> {
  const { colours, opacity, orientation, profile } = kind;
  const channels = ((colours === 'gray' ? 1 : 3) + (opacity ? 1 : 0)) as 1 | 2 | 3 | 4;
  const pixels = sharp(samples(kind), { raw: { width, height, channels } }).toColourspace(
    colourspace(kind),
  );
  if (orientation !== 1) pixels.withMetadata({ orientation });
  if (profile) pixels.withIccProfile('p3');
  return encoded(pixels.withExifMerge(exif).withDensity(300).withXmp(xmp), kind);
}

export function colourspace({ colours, depth }: Pick<Kind, 'colours' | 'depth'>): string {
  if (colours === 'gray') return depth === 16 ? 'grey16' : 'b-w';
  return depth === 16 ? 'rgb16' : 'srgb';
}

async function encoded(picture: Sharp, { format, depth }: Kind): Promise<Buffer> {
  switch (format) {
    case 'jpeg':
      return picture.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
    case 'png':
      return picture.png().toBuffer();
    case 'webp':
      return picture.webp({ lossless: true, exact: true }).toBuffer();
    case 'avif':
      return picture.avif({ lossless: true, bitdepth: depth === 16 ? 12 : 8 }).toBuffer();
    case 'tiff':
      return withExif(await picture.tiff({ compression: 'deflate' }).toBuffer());
  }
}

/** libvips puts no EXIF into TIFF. */
async function withExif(tiff: Buffer): Promise<Buffer> {
  const create = { width: 8, height: 8, channels: 3, background: 'black' } as const;
  const jpeg = await sharp({ create }).withExifMerge(exif).jpeg().toBuffer();
  const bytes = (await sharp(jpeg).metadata()).exif;
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-tiff-'));
  try {
    const path = join(folder, 'photo.tiff');
    await writeFile(path, tiff);
    await addTiffNotes(path, { exif: bytes, iptc: undefined, width, height });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Every combination that the formats hold. */
export function allKinds(): Kind[] {
  const formats: Format[] = ['jpeg', 'png', 'webp', 'avif', 'tiff'];
  return formats.flatMap((format) =>
    (format === 'webp' || format === 'avif'
      ? ['rgb' as const]
      : (['gray', 'rgb'] as const)
    ).flatMap((colours) =>
      (format === 'jpeg' ? [false] : [false, true]).flatMap((opacity) =>
        (format === 'jpeg' || format === 'webp' ? [8 as const] : ([8, 16] as const)).flatMap(
          (depth) =>
            (colours === 'gray' ? [1] : [1, 6]).flatMap((orientation) =>
              (colours === 'gray' ? [false] : [false, true]).map((profile) => ({
                ...{ format, colours, opacity, depth, orientation, profile },
              })),
            ),
        ),
      ),
    ),
  );
}

export function describeKind(kind: Kind): string {
  const { format, colours, opacity, depth, orientation, profile } = kind;
  const opaque = opacity ? ' with opacity' : '';
  const turned = orientation === 1 ? '' : ', turned';
  return `${format}, ${depth} bits, ${colours}${opaque}${profile ? ', Display P3' : ''}${turned}`;
}
