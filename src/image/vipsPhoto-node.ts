import sharp, { type Metadata, type Sharp } from 'sharp';
import { exifDensity } from './exif.js';
import { descriptiveTree, formatExif, parseExif } from './exifTree.js';
import { hasPlainItemTypes } from './heifItems-node.js';
import { imageFileFormat } from './imageFileFormat.js';
import type { Photo } from './photo-node.js';
import { blobField, pngTexts } from './photoMetadata.js';
import { hasPngChunk, separatePngTexts } from './pngText.js';
import { openRaster, type Raster } from './raster-node.js';
import { ImageFileError, oneLine } from './sharp-node.js';
import { tiffIptc } from './tiffNotes-node.js';

const NO_HEIC =
  'HEIC needs a decoder that sharp does not bring; convert it to JPEG, PNG or AVIF first';

/**
 * What libvips reads of a file's header.
 * @throws RangeError when it is no image, damaged, too large, or of samples that are not a photo's.
 */
export async function openVips(
  bytes: Uint8Array,
  maxPixels: number,
): Promise<Omit<Photo, 'name' | 'size'>> {
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw new RangeError(unreadable(bytes, error), { cause: error });
    });
  checkSamples(metadata);
  if (metadata.format === 'heif' && !hasPlainItemTypes(bytes)) {
    throw new RangeError('the image is damaged (an item of it has no type)');
  }
  const frames = framesOf(metadata);
  const frameHeight = frames > 1 ? (metadata.pageHeight ?? metadata.height) : metadata.height;
  if (metadata.width * frameHeight * frames > maxPixels) {
    const times = frames > 1 ? `${frames} times ` : '';
    throw new RangeError(
      `expected at most ${maxPixels} pixels, got ${times}${metadata.width}x${frameHeight}`,
    );
  }
  const { exif } = metadata;
  const density = metadata.density ?? (exif && exifDensity(exif));
  const size = frames > 1 ? { width: metadata.width, height: frameHeight } : metadata.autoOrient;
  return {
    ...size,
    channels: channelsOf(metadata),
    depth: metadata.depth === 'uchar' || isBilevel(metadata) ? 8 : 16,
    frames,
    unread: unreadParts(bytes, metadata),
    ...(density !== undefined && { density }),
    upright: frames === 1,
    async decode(path) {
      const options = { failOn: 'error', limitInputPixels: false, animated: frames > 1 } as const;
      // libvips shortens keywords at spaces, and does not end at quotation marks.
      const { rest, texts } =
        metadata.format === 'png' ? separatePngTexts(bytes) : { rest: bytes, texts: undefined };
      const input = sharp(rest, options).keepMetadata();
      const picture = inOwnSpace(frames === 1 ? input.autoOrient() : input, metadata);
      await picture.toFile(path).catch((error: unknown) => {
        throw new ImageFileError(unreadable(bytes, error), { cause: error });
      });
      return withNotes(await openRaster(path), { ...ownNotes(bytes, metadata), texts });
    },
  };
}

/** The photo's notes as its file has them: on their way through libvips, some change and some get lost. */
function ownNotes(bytes: Uint8Array, { format, exif, iptc }: Metadata): Notes {
  if (format !== 'tiff') return { exif, iptc };
  const tree = parseExif(bytes);
  if (!tree) return { exif: undefined, iptc: undefined };
  const described = descriptiveTree(tree);
  return {
    exif: described.entries.length > 0 ? formatExif(described) : undefined,
    iptc: tiffIptc(tree),
  };
}

interface Notes {
  readonly exif: Uint8Array | undefined;
  readonly iptc: Uint8Array | undefined;
  /** Of a PNG. */
  readonly texts?: Uint8Array | undefined;
}

function withNotes(raster: Raster, { exif, iptc, texts }: Notes): Raster {
  const others = raster.metadata.filter(({ name }) => !/^(exif-|iptc-data$)/.test(name));
  const notes = [
    ...(exif ? [blobField('exif-data', exif)] : []),
    ...(iptc ? [blobField('iptc-data', iptc)] : []),
    ...(texts?.length ? [blobField(pngTexts, texts)] : []),
  ];
  return { ...raster, metadata: [...others, ...notes] };
}

/** What is wrong with a file that libvips does not read. */
function unreadable(bytes: Uint8Array, error: unknown): string {
  const format = imageFileFormat(bytes);
  if (format === 'heic') return NO_HEIC;
  if (format === undefined) return 'expected an image, got something else';
  return `the image is damaged (${oneLine(error)})`;
}

/** Pages of a document may differ in size, and only the first of them is the photo. */
function framesOf({ format, pages = 1 }: Metadata): number {
  return format === 'gif' || format === 'webp' ? pages : 1;
}

function unreadParts(bytes: Uint8Array, metadata: Metadata): string[] {
  // To libvips, an animated PNG is its first frame.
  if (metadata.format === 'png') return hasPngChunk(bytes, 'acTL') ? ['animation'] : [];
  return framesOf(metadata) < (metadata.pages ?? 1) ? ['other pictures'] : [];
}

const grays: ReadonlySet<string> = new Set(['b-w', 'grey16']);
const colours: ReadonlySet<string> = new Set(['srgb', 'rgb', 'rgb16']);

function channelsOf({ space, hasAlpha }: Metadata): number {
  return (grays.has(space) ? 1 : 3) + (hasAlpha ? 1 : 0);
}

/** @throws RangeError for what would come out as something else than a photo, or not at all. */
function checkSamples({ space, depth, channels, hasAlpha }: Metadata): void {
  const most = grays.has(space) ? 1 : space === 'cmyk' ? 4 : 3;
  const got = channels - (hasAlpha ? 1 : 0);
  if (got > most) {
    throw new RangeError(`expected at most ${most} channels beside opacity, got ${got}`);
  }
  // Whether 1 is white, or 255, or what was farthest away, no file says.
  if (grays.has(space) && /^(float|double|complex|dpcomplex)$/.test(depth)) {
    throw new RangeError(`expected gray samples that are whole numbers, got ${depth}`);
  }
}

function isBilevel({ bitsPerSample }: Metadata): boolean {
  return bitsPerSample !== undefined && bitsPerSample < 8;
}

function inOwnSpace(input: Sharp, { space, depth, icc }: Metadata): Sharp {
  const wide = depth !== 'uchar';
  if (grays.has(space)) return input.toColourspace(wide ? 'grey16' : 'b-w');
  if (colours.has(space)) return input.toColourspace(wide ? 'rgb16' : 'srgb');
  if (space === 'cmyk' && icc) {
    // Display P3 holds what inks show and sRGB does not.
    return input.pipelineColourspace('cmyk').toColourspace('cmyk').withIccProfile('p3');
  }
  return input.toColourspace(wide ? 'rgb16' : 'srgb').withIccProfile('srgb');
}
