import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreToFile } from '../../src/restoration/restoreTo-node.js';
import { exiftool } from './exiftool.js';
import { identityRestorer } from './identity.js';
import { allKinds, describeKind, height, pictureFile, width, type Kind } from './pictures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-fidelity-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const identity = identityRestorer(2);
const kinds = allKinds();
const nameOf = (kind: Kind) => `${kinds.indexOf(kind)}.${kind.format}`;

const isTurned = ({ orientation }: Kind) => orientation === 6;

/** Of 255: what the encoder alone may change. */
const tolerance = { png: 0, tiff: 0, webp: 5, jpeg: 3, avif: 3 } as const;

/** Upright samples in the file's own space, from 0 to 1. */
async function ownSamples(file: string | Buffer, kind: Kind): Promise<Float64Array> {
  const depth = kind.depth === 16 ? 'ushort' : 'uchar';
  // As RGB, for libvips leaves the opacity of gray pixels out.
  const space = kind.depth === 16 ? 'rgb16' : 'srgb';
  const picture = sharp(file).autoOrient().keepIccProfile().toColourspace(space);
  const bytes = await picture.raw({ depth }).toBuffer();
  if (kind.depth === 8) return Float64Array.from(bytes, (value) => value / 255);
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return Float64Array.from(words, (value) => value / 65535);
}

function repeated(values: Float64Array, columns: number, channels: number): Float64Array {
  const row = 2 * columns * channels;
  return Float64Array.from({ length: 4 * values.length }, (_, i) => {
    const [y, x] = [Math.floor(i / row), Math.floor((i % row) / channels)];
    return values[((y >> 1) * columns + (x >> 1)) * channels + (i % channels)];
  });
}

describe(`nothing is lost from (${kinds.length} kinds of files)`, () => {
  it.each(kinds.map((kind) => [describeKind(kind), kind] as const))('%s', async (_, kind) => {
    const input = await pictureFile(kind);
    const output = join(folder, nameOf(kind));
    const { lost } = await restoreToFile(identity, input, output, {});
    expect(lost).toEqual([]);
    const before = await sharp(input).metadata();
    const after = await sharp(output).metadata();
    const [w, h] = isTurned(kind) ? [height, width] : [width, height];
    expect(after).toMatchObject({ width: 2 * w, height: 2 * h });
    expect(after.density).toBe(before.density && 600);
    for (const key of [
      'format',
      'space',
      'channels',
      'depth',
      'hasAlpha',
      'bitsPerSample',
    ] as const)
      expect([key, after[key]]).toEqual([key, before[key]]);
    expect(after.orientation ?? 1).toBe(1);
    expect(after.icc).toEqual(before.icc);
    const exif = after.exif ?? (await readFile(output));
    expect(exif.includes('Jane Doe') && exif.includes('Lens 50mm')).toBe(true);
    expect(after.xmp?.toString()).toContain('dc:source="fidelity"');
    const expected = repeated(await ownSamples(input, kind), w, kind.opacity ? 4 : 3);
    const got = await ownSamples(output, kind);
    const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
    expect(got.length).toBe(expected.length);
    expect(worst * 255).toBeLessThanOrEqual(tolerance[kind.format] + 1e-9);
  });

  it.skipIf(!exiftool)('as exiftool reads the results', async () => {
    const { stdout } = await promisify(execFile)('exiftool', ['-json', '-n', '-G1', folder], {
      maxBuffer: 2 ** 26,
    });
    const found = JSON.parse(stdout) as Record<string, unknown>[];
    expect(found.length).toBe((await readdir(folder)).length);
    for (const [i, kind] of kinds.entries()) {
      const tags = found.find(({ SourceFile }) => String(SourceFile).endsWith(`/${nameOf(kind)}`));
      expect([i, tags]).toEqual([
        i,
        expect.objectContaining({
          'IFD0:Artist': 'Jane Doe',
          'IFD0:Model': 'Camera 7',
          'IFD0:XResolution': 600,
          'ExifIFD:ExifImageWidth': isTurned(kind) ? 2 * height : 2 * width,
          'ExifIFD:LensModel': 'Lens 50mm',
          'ExifIFD:DateTimeOriginal': '2024:05:06 07:08:09',
          'XMP-dc:Source': 'fidelity',
          'XMP-tiff:Orientation': 1,
        }),
      ]);
      expect(tags?.['GPS:GPSLatitude']).toBeCloseTo(51.508972, 5);
      expect(tags?.['IFD0:Orientation'] ?? 1).toBe(1);
    }
  });
});

describe('what was not asked to be kept', () => {
  it.each(['jpeg', 'png', 'webp', 'avif', 'tiff'] as const)(
    'is not in a %s, but its colours are',
    async (format) => {
      const kind: Kind = {
        ...{ format, colours: 'rgb', opacity: false, depth: 8, orientation: 6, profile: true },
      };
      const input = await pictureFile(kind);
      const output = join(folder, `stripped.${format}`);
      await restoreToFile(identity, input, output, { metadata: 'strip' });
      const { exif, xmp, icc, width: w, orientation } = await sharp(output).metadata();
      expect(exif?.includes('Jane Doe') ?? false).toBe(false);
      expect(exif?.includes('GPS') ?? false).toBe(false);
      expect([xmp, w, orientation ?? 1]).toEqual([undefined, 2 * height, 1]);
      expect(icc).toEqual((await sharp(input).metadata()).icc);
    },
  );
});

describe('the same photo', () => {
  it.each(['jpeg', 'png', 'webp', 'avif', 'tiff'] as const)(
    'gives the same bytes of a %s twice',
    async (format) => {
      const kind: Kind = {
        ...{ format, colours: 'rgb', opacity: false, depth: 8, orientation: 1, profile: true },
      };
      const path = join(folder, `same.${format}`);
      await writeFile(path, await pictureFile(kind));
      const once = await restoredBytes(path);
      expect((await restoredBytes(path)).equals(once)).toBe(true);
    },
  );

  async function restoredBytes(path: string): Promise<Buffer> {
    const output = `${path}.out${path.slice(path.lastIndexOf('.'))}`;
    await restoreToFile(identity, path, output, {});
    return readFile(output);
  }
});
