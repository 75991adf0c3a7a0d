import sharp, { type Metadata, type Sharp } from 'sharp';
import { openFile } from '../weights/file-node.js';
import { isBmp, openBmp, type Bmp } from './bmp.js';
import { hasPlainItemTypes } from './heifItems-node.js';
import { imageFileFormat } from './imageFileFormat.js';
import { exifDensity } from './exif.js';
import { descriptiveTree, formatExif, parseExif } from './exifTree.js';
import { blobField, pngTexts } from './photoMetadata.js';
import { tiffIptc } from './tiffNotes-node.js';
import { hasPngChunk, separatePngTexts } from './pngText.js';
import { createRaster, openRaster, type Raster } from './raster-node.js';
import { hasOpacity, type SampleDepth } from './samples.js';
import { ImageFileError, oneLine } from './sharp-node.js';

/** An image file, of which only the header has been read. */
export interface Photo {
  /** Its path, or `image`. */
  readonly name: string;
  /** Of one frame, upright. */
  readonly width: number;
  readonly height: number;
  /** 1 gray, 2 gray and opacity, 3 RGB, 4 RGB and opacity; CMYK counts as RGB, to which it is converted. */
  readonly channels: number;
  readonly depth: SampleDepth;
  /** Pictures of an animation, or pages. */
  readonly frames: number;
  /** What else the file shows that is not read, in words: `animation` of a PNG, `other pictures` of a TIFF. */
  readonly unread: readonly string[];
  /** Bytes of the file. */
  readonly size: number;
  /** Pixels an inch, where the file says so. */
  readonly density?: number;
  /** Whether it is upright once decoded; libvips does not turn animations. */
  readonly upright: boolean;
  /**
   * Decodes the file into a raster at `path`, which ends in `.v`, frames one below the other. Gray and RGB samples stay what they
   * are, in the space of the file's own profile; CMYK becomes Display P3, whatever else there is sRGB.
   * @throws ImageFileError when the file is damaged.
   */
  decode(path: string): Promise<Raster>;
}

export interface ReadPhotoOptions {
  /** Pixels of all frames; more are refused before they are decoded. 2^28 unless given. */
  readonly maxPixels?: number;
}

const DEFAULT_MAX_PIXELS = 2 ** 28;
const NO_HEIC =
  'HEIC needs a decoder that sharp does not bring; convert it to JPEG, PNG or AVIF first';

/**
 * Reads the header of an image file, or of the bytes of one: what libvips reads, and BMP.
 * @throws ImageFileError when it is missing, empty, too large or no image.
 */
export async function openPhoto(
  source: string | Uint8Array,
  { maxPixels = DEFAULT_MAX_PIXELS }: ReadPhotoOptions = {},
): Promise<Photo> {
  const name = typeof source === 'string' ? source : 'image';
  const bytes = typeof source === 'string' ? await readFileBytes(source) : source;
  if (bytes.length === 0) throw new ImageFileError(`${name}: expected an image, got no bytes`);
  try {
    const photo = isBmp(bytes)
      ? asPhoto(openBmp(bytes, maxPixels))
      : await openVips(bytes, maxPixels);
    return { name, size: bytes.length, ...photo };
  } catch (error) {
    throw new ImageFileError(`${name}: ${oneLine(error)}`, { cause: error });
  }
}

/**
 * All bytes of a file.
 * @throws ImageFileError when there is none, or it cannot be read.
 */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await openFile(path);
    try {
      return await file.read(0, file.size);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new ImageFileError(oneLine(error), { cause: error });
  }
}

/** Samples of a BMP that are in memory at a time. */
const BMP_STRIP = 2 ** 20;

function asPhoto({ width, height, decode }: Bmp): Omit<Photo, 'name' | 'size'> {
  const channels = 3;
  const density = [1, 1] as const;
  return {
    ...{ width, height, channels, depth: 8, frames: 1, unread: [], upright: true },
    async decode(path) {
      const raster = await createRaster(path, { width, height, channels, depth: 8, density });
      try {
        const rows = Math.max(1, Math.floor(BMP_STRIP / width));
        for (let top = 0; top < height; top += rows) {
          await raster.write(decode(top, Math.min(rows, height - top)));
        }
        await raster.finish([]);
      } finally {
        await raster.close();
      }
      return openRaster(path);
    },
  };
}

async function openVips(
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

/** Whether a raster's last channel is opacity that hides something. */
export async function hidesAnything(raster: Raster): Promise<boolean> {
  const { width, height, channels } = raster;
  if (!hasOpacity(channels)) return false;
  const rows = Math.max(1, Math.floor(2 ** 20 / width));
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    const { data } = await raster.read(top, count);
    const opacity = data.subarray((channels - 1) * width * count);
    if (!opacity.every((value) => value === 1)) return true;
  }
  return false;
}
