// What every restorer that ships has to keep: never worse than bicubic, no grid, no seams, colours as they were.
//   npm run check:restorers -- [FOLDER] [-m MODEL] [--perceptual PATH] [--photos FOLDER] [--sheet FOLDER] [--fidelity N]
// FOLDER holds good pictures that are spoilt in several ways (the first --count of them, 8); --photos real ones without
// originals, of which --sheet gets bicubic beside the result at 100 %.
import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { parseArgs } from 'node:util';
import { createImage, type Image } from 'nanosd';
import {
  createNodeExecutor,
  makeFolder,
  openPerceptualMeter,
  openRestorer,
  readImage,
  readNiqeModel,
  writeImage,
} from 'nanosd/node';
import { degradationTable, type TableRow } from './degradationTable.js';
import { checkPhoto, middleOf } from './photoChecks.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', short: 'm' },
    perceptual: { type: 'string' },
    photos: { type: 'string' },
    sheet: { type: 'string' },
    fidelity: { type: 'string' },
    count: { type: 'string', default: '8' },
  },
});
const [folder] = positionals;
const { model, perceptual, photos, sheet } = values;
if (folder === undefined && photos === undefined) {
  console.error('expected a folder of good pictures, or --photos and a folder of real ones');
  process.exit(2);
}

const failures: string[] = [];
const expect = (kept: boolean, what: string): string => {
  if (!kept) failures.push(what);
  return kept ? '' : '  FAILS';
};

const fidelity = values.fidelity === undefined ? {} : { fidelity: Number(values.fidelity) };
await using restorer = await openRestorer(model === undefined ? {} : { model });
console.log(
  `${restorer.model.name}${values.fidelity ? ` at a fidelity of ${values.fidelity}` : ''}`,
);
if (folder !== undefined) await checkTable(folder);
if (photos !== undefined) await checkPhotos(photos);
console.log(failures.length === 0 ? 'all kept' : `not kept: ${failures.join('; ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function checkTable(path: string): Promise<void> {
  const pristine = await readNiqeModel();
  const meter =
    perceptual === undefined
      ? {}
      : { perceptual: await openPerceptualMeter(perceptual, createNodeExecutor()) };
  const options = { folder: path, count: Number(values.count), pristine, ...meter, ...fidelity };
  for await (const row of degradationTable(restorer, options)) console.log(tableLine(row));
  await meter.perceptual?.[Symbol.asyncDispose]();
}

function tableLine({ name, ours, theirs }: TableRow): string {
  const scores = `${ours.psnrY.toFixed(2)} (${theirs.psnrY.toFixed(2)}) dB, SQZ ${ours.sqz.toFixed(3)} (${theirs.sqz.toFixed(3)})`;
  // A picture that nothing was done to cannot become better.
  const isWhole = Number.isNaN(theirs.psnrY) || theirs.sqz === 0;
  const kept = isWhole || (ours.psnrY >= theirs.psnrY && !(ours.sqz > theirs.sqz));
  return `${name.padEnd(20)}${scores}${expect(kept, name)}`;
}

async function checkPhotos(path: string): Promise<void> {
  if (sheet !== undefined) await makeFolder(sheet);
  const names = (await readdir(path)).filter((name) => /\.(png|jpe?g|webp)$/i.test(name)).sort();
  for (const name of names) {
    const photo = middleOf(await readImage(join(path, name)));
    const report = await checkPhoto(restorer, photo, fidelity);
    const grid = [...report.grid].map(([period, { ours, theirs }]) => {
      const kept = ours <= 1.5 || theirs > 1.5;
      return `${period}: ${ours.toFixed(2)} (${theirs.toFixed(2)})${expect(kept, `${name}, grid of ${period}`)}`;
    });
    const seams = expect(report.seams >= 50, `${name}, seams`);
    const shift = expect(report.shift <= 0.5, `${name}, colours`);
    console.log(
      `${name.padEnd(24)}grid ${grid.join(', ')}; seams ${report.seams.toFixed(1)} dB${seams}; ` +
        `means ${report.shift.toFixed(2)} of 255${shift}`,
    );
    if (sheet === undefined) continue;
    const pair = beside(report.interpolated, report.restored);
    await writeImage(join(sheet, `${parse(name).name}.png`), pair);
  }
}

/** Two pictures of one size, the second to the right of the first. */
function beside(first: Image, second: Image): Image {
  const { width, height, channels } = first;
  const gap = 8;
  const sheet = createImage(2 * width + gap, height, channels);
  sheet.data.fill(1);
  const size = (2 * width + gap) * height;
  [first, second].forEach(({ data }, side) => {
    for (let row = 0; row < channels * height; row++) {
      const [channel, y] = [Math.floor(row / height), row % height];
      const to = channel * size + y * (2 * width + gap) + side * (width + gap);
      sheet.data.set(data.subarray(row * width, (row + 1) * width), to);
    }
  });
  return sheet;
}
