// Pictures put through file formats by the libraries that everyone's files come from: mozjpeg (libjpeg-turbo's
// interface and, with its extras off, its numbers), libwebp and libaom, by way of sharp.

import sharp, { type Sharp } from 'sharp';
import { imageFromBytes, imageToBytes } from '../image.js';
import type { Coding, PictureCodec } from './kinds/kind.js';

/** Encodes and decodes by sharp; gray pictures stay gray. */
export const sharpCodec: PictureCodec = async (image, coding) => {
  const { width, height } = image;
  const channels = image.channels === 1 ? 1 : 3;
  const raw = sharp(imageToBytes(image), { raw: { width, height, channels } });
  const file = await encode(raw, coding).toBuffer();
  const decoded = sharp(file)
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw();
  const { data, info } = await decoded.toBuffer({ resolveWithObject: true });
  return imageFromBytes(data, info.width, info.height, info.channels);
};

function encode(raw: Sharp, coding: Coding): Sharp {
  switch (coding.format) {
    case 'jpeg': {
      const { quality, progressive, chroma } = coding;
      // Codes made for the file would make it smaller, and its pixels the same.
      const optimiseCoding = false;
      return raw.jpeg({ quality, progressive, chromaSubsampling: chroma, optimiseCoding });
    }
    // The least effort: what is thrown away differs little, and the time is a half and a tenth.
    case 'webp':
      return raw.webp({ quality: coding.quality, effort: 0 });
    case 'avif':
      return raw.avif({ quality: coding.quality, effort: 0 });
  }
}
