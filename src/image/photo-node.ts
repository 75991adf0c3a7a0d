import type { Raster } from './raster-node.js';
import type { SampleDepth } from './samples.js';

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
