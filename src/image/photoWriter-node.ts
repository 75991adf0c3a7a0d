import sharp, { type Sharp } from 'sharp';
import type { PhotoFormat } from './photoFormats.js';
import { metadataBlob, pngTexts, type MetadataField } from './photoMetadata.js';
import { addPngTexts } from './pngTexts-node.js';
import type { RasterFormat } from './raster-node.js';
import { addTiffNotes } from './tiffNotes-node.js';

export interface EncodeOptions {
  /** 1 to 100, for JPEG, WebP and AVIF; 95 unless given. */
  readonly quality?: number;
}

/** What is known of a raster. */
export interface EncodedRaster {
  readonly layout: RasterFormat;
  readonly metadata: readonly MetadataField[];
}

const DEFAULT_QUALITY = 95;
/** From so many pixels on, a JPEG's codes are not fitted to it: that would hold all of it in memory. */
const LARGE_JPEG = 2 ** 24;
/** A classic TIFF counts its bytes in 32 bits. */
const LARGEST_TIFF = 2 ** 31;

/** Encodes the raster at `raster`, which has this metadata, into a file at `path`. */
export async function encodeRaster(
  raster: string,
  path: string,
  format: PhotoFormat,
  { layout, metadata }: EncodedRaster,
  options: EncodeOptions = {},
): Promise<void> {
  const animated = format.frames;
  const input = sharp(raster, { limitInputPixels: false, animated, sequentialRead: true });
  const gray = layout.channels <= 2;
  const wide = layout.depth === 16;
  const kept = format.profile ? input.keepMetadata() : input;
  const spaced = kept.toColourspace(
    wide ? (gray ? 'grey16' : 'rgb16') : gray && format.name !== 'gif' ? 'b-w' : 'srgb',
  );
  await withFormat(spaced, format, layout, options).toFile(path);
  const texts = format.name === 'png' ? metadataBlob(metadata, pngTexts) : undefined;
  if (texts) await addPngTexts(path, texts);
  if (format.name !== 'tiff') return;
  const [exif, iptc] = ['exif-data', 'iptc-data'].map((name) => metadataBlob(metadata, name));
  await addTiffNotes(path, { exif, iptc, width: layout.width, height: layout.height });
}

function withFormat(
  picture: Sharp,
  { name }: PhotoFormat,
  { width, height, channels, depth, density }: RasterFormat,
  { quality = DEFAULT_QUALITY }: EncodeOptions,
): Sharp {
  switch (name) {
    case 'png':
      return picture.png();
    case 'jpeg':
      return picture.jpeg({
        ...{ quality, chromaSubsampling: '4:4:4' },
        optimizeCoding: width * height < LARGE_JPEG,
      });
    case 'webp':
      return picture.webp({ quality, smartSubsample: true, exact: true });
    case 'avif':
      return picture.avif({ quality, chromaSubsampling: '4:4:4', bitdepth: depth === 16 ? 12 : 8 });
    case 'tiff': {
      const bigtiff = (width * height * channels * depth) / 8 > LARGEST_TIFF;
      const [xres, yres] = density;
      return picture.tiff({ compression: 'deflate', predictor: 'horizontal', bigtiff, xres, yres });
    }
    case 'gif':
      return picture.gif();
  }
}
