// What a picture of 2000x1500 restored in tiles differs by from the same as a whole.
// npm run bench -- seams [-m MODEL] [--photo FILE] [-o FOLDER]
// FOLDER gets a picture of the differences for each tile size, 1000 times as large as they are and centred on gray.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { imageFromBytes, psnr, type Image } from 'nanosd';
import { makeFolder, openRestorer, writeImage } from 'nanosd/node';
import sharp from 'sharp';
import { scene } from './scene.js';

const [width, height] = [2000, 1500];
const tiles = [64, 128, 256] as const;
const AMPLIFIED = 1000;

export async function benchSeams(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      model: { type: 'string', short: 'm', default: 'sr-x4' },
      photo: { type: 'string' },
      output: { type: 'string', short: 'o' },
    },
  });
  const { model, photo, output } = values;
  if (output !== undefined) await makeFolder(output);
  const image = photo === undefined ? scene(width, height) : await enlarged(photo);
  await using restorer = await openRestorer({ model });
  const whole = await restorer.restore(image, { tile: 2048 });
  console.log(`${model}, ${photo ?? 'a scene'} of ${width}x${height}, tiles against the whole:`);
  for (const tile of tiles) {
    const tiled = await restorer.restore(image, { tile });
    const differences = tiled.data.map((value, i) => value - whole.data[i]);
    const worst = differences.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const quality = psnr(whole, tiled, { cropBorder: 0 }).toFixed(1);
    console.log(`tiles of ${tile}: PSNR ${quality} dB, at most ${(worst * 255).toFixed(3)} of 255`);
    if (output === undefined) continue;
    const shown = differences.map((value) => 0.5 + AMPLIFIED * value);
    await writeImage(join(output, `seams-${tile}.png`), { ...tiled, data: shown });
  }
}

/** A photo enlarged to cover the size, as 8-bit sRGB. */
async function enlarged(photo: string): Promise<Image> {
  const { data, info } = await sharp(photo)
    .toColourspace('srgb')
    .removeAlpha()
    .resize(width, height, { fit: 'cover', kernel: 'lanczos3' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`expected 3 channels, got ${info.channels}`);
  return imageFromBytes(data, width, height, 3);
}
