import type { Bytes } from './bytes-web.js';

/** What an image file holds beside its pixels, as far as it can be carried to another. */
export interface Metadata {
  /** A TIFF structure. */
  readonly exif?: Bytes;
  /** XML, in UTF-8. */
  readonly xmp?: Bytes;
  readonly icc?: Bytes;
  /** Photoshop's resources, which hold IPTC; JPEG alone has a place for them. */
  readonly iptc?: Bytes;
  readonly pixelsPerMetre?: number;
  /** PNG's text chunks, whole. */
  readonly pngText?: readonly Bytes[];
  readonly animated?: boolean;
  readonly sixteenBit?: boolean;
  readonly cmyk?: boolean;
}
