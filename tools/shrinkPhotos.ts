// The photographs of a folder at a share of their size, to train on beside the originals: sharper from pixel to pixel, and without
// what their JPEG left. `npx tsx tools/shrinkPhotos.ts FOLDER TARGET [SHARE]` keeps the folder's manifest.json.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { imresize } from 'nanosd';
import { readImage, writeImage } from 'nanosd/node';

const [folder, target, shareText = '0.625'] = process.argv.slice(2);
const share = Number(shareText);
if (folder === undefined || target === undefined || !(share > 0 && share < 1)) {
  console.error('usage: npx tsx tools/shrinkPhotos.ts FOLDER TARGET [SHARE]');
  process.exit(2);
}

const text = await readFile(join(folder, 'manifest.json'), 'utf8');
const photos = JSON.parse(text) as { file: string }[];
await mkdir(target, { recursive: true });
const manifest = [];
for (const photo of photos) {
  const file = photo.file.replace(extname(photo.file), '.png');
  const image = await readImage(join(folder, photo.file));
  await writeImage(join(target, file), imresize(image, { scale: share }));
  manifest.push({ ...photo, file });
}
await writeFile(join(target, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
