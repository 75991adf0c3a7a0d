// Joins two model folders of one network into one that is restored with at any fidelity between them.
//   npx tsx tools/joinFidelity.ts FOLDER SHARP FAITHFUL [DEFAULT]
// SHARP is what a fidelity of 0 gives, FAITHFUL what 1 gives; DEFAULT (0.5) is what is taken unless asked for.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interpolateWeights } from 'nanosd';
import { openRestorerFolder, readRestorerWeights, weightsFileName } from 'nanosd/node';

const [target, sharp, faithful, usual = '0.5'] = process.argv.slice(2);
if (faithful === undefined || !(Number(usual) >= 0 && Number(usual) <= 1)) {
  console.error('usage: npx tsx tools/joinFidelity.ts FOLDER SHARP FAITHFUL [DEFAULT 0..1]');
  process.exit(2);
}
const [ours, theirs] = await Promise.all([sharp, faithful].map(readModel));
if (ours.task !== theirs.task || ours.config !== theirs.config) {
  console.error(`${faithful}: expected the network and the task of ${sharp}, got another`);
  process.exit(2);
}
// Says which weights differ in shape, before anything is written.
interpolateWeights(ours.weights, theirs.weights, 0.5);
const name = weightsFileName.replace('.safetensors', '.faithful.safetensors');
await mkdir(target, { recursive: true });
await cp(join(sharp, weightsFileName), join(target, weightsFileName));
await cp(join(faithful, weightsFileName), join(target, name));
const file = JSON.parse(await readFile(join(sharp, 'config.json'), 'utf8')) as object;
const config = { ...file, fidelity: { weights: name, default: Number(usual) } };
await writeFile(join(target, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);

async function readModel(path: string) {
  const folder = await openRestorerFolder(path);
  const weights = await readRestorerWeights(folder);
  return { task: folder.task, config: JSON.stringify(folder.config), weights };
}
