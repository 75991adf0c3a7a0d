import { expect, it } from 'vitest';
import { photoFormats } from './photoFormats.js';
import {
  blobField,
  changedMetadata,
  lostMetadata,
  metadataBlob,
  pngTexts,
} from './photoMetadata.js';

const change = { format: photoFormats['.jpg'], scale: 2, upright: true, strip: false };

it.each([
  ['<d tiff:Orientation="6"/>', '<d tiff:Orientation="1"/>'],
  ["<d tiff:Orientation='8'/>", "<d tiff:Orientation='1'/>"],
  ['<d tiff:Orientation = "3"/>', '<d tiff:Orientation = "1"/>'],
  ['<tiff:Orientation>6</tiff:Orientation>', '<tiff:Orientation>1</tiff:Orientation>'],
  ['<d tiff:Orientation="1"/>', '<d tiff:Orientation="1"/>'],
])('the XMP %s of an upright picture becomes %s', (before, after) => {
  const fields = changedMetadata([blobField('xmp-data', new TextEncoder().encode(before))], change);
  expect(new TextDecoder().decode(metadataBlob(fields, 'xmp-data'))).toBe(after);
});

it('comments of a PNG are said to be lost in other formats', () => {
  const fields = [blobField(pngTexts, new Uint8Array(12))];
  expect(lostMetadata(fields, photoFormats['.png'])).toEqual([]);
  expect(lostMetadata(fields, photoFormats['.jpg'])).toEqual(['comments']);
});
