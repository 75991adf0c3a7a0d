// Renders the picture at the top of the README: parts of the example scene as a small camera would have kept it, noisy and as JPEG,
// enlarged four times by nearest neighbour, by bicubic and by the default model, at 100 %. `npx tsx tools/renderComparison.ts`.
import {
  applyDegradation,
  clampImage,
  createImage,
  cropImage,
  degradationSchema,
  imresize,
  Random,
  resizeNearest,
  type Image,
} from 'nanosd';
import { openRestorer, readImage, sharpCodec, writeImage } from 'nanosd/node';

const scale = 4;
const gap = 6;
/** Left and top of what is shown, in pixels of the photograph. */
const places = [
  [22, 92],
  [78, 40],
] as const;
const [width, height] = [72, 56];

const camera = degradationSchema.parse({
  kind: 'sequence',
  steps: [
    { kind: 'noise', sigma: 7 },
    { kind: 'jpeg', quality: 60 },
  ],
});
const photo = await applyDegradation(
  await readImage('examples/harbour.png'),
  camera,
  Random.seeded(1),
  { scale: 1, codec: sharpCodec },
);
await using restorer = await openRestorer();
const versions = [
  resizeNearest(photo, { scale }),
  clampImage(imresize(photo, { scale })),
  await restorer.restore(photo),
];
const parts = places.map(([left, top]) =>
  versions.map((version) =>
    cropImage(version, left * scale, top * scale, width * scale, height * scale),
  ),
);
await writeImage('docs/images/example-x4.png', mosaic(parts));

/** Pictures of one size in rows, with white gaps between them. */
function mosaic(rows: readonly (readonly Image[])[]): Image {
  const [{ width, height }] = rows[0];
  const columns = rows[0].length;
  const sheet = createImage(columns * (width + gap) - gap, rows.length * (height + gap) - gap, 3);
  sheet.data.fill(1);
  rows.forEach((row, i) =>
    row.forEach((part, j) => paste(part, sheet, j * (width + gap), i * (height + gap))),
  );
  return sheet;
}

function paste(part: Image, sheet: Image, left: number, top: number): void {
  for (let channel = 0; channel < part.channels; channel++) {
    for (let y = 0; y < part.height; y++) {
      const from = (channel * part.height + y) * part.width;
      const to = (channel * sheet.height + top + y) * sheet.width + left;
      sheet.data.set(part.data.subarray(from, from + part.width), to);
    }
  }
}
