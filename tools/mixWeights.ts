// Weights between two others of the same network: those of the first, moved by a share of the way to the second, in halves
// where the first is.
//   npx tsx tools/mixWeights.ts FIRST.safetensors SECOND.safetensors SHARE FILE

import { castWeights } from '../src/weights/index.js';
import { float32, toFloat64 } from '../src/tensor/index.js';
import { readSafetensorsFile, writeSafetensorsFile } from '../src/weights/safetensors-node.js';

const [firstPath, secondPath, shareText, target] = process.argv.slice(2);
const share = Number(shareText);
if (target === undefined || !(share >= 0 && share <= 1)) {
  console.error('usage: npx tsx tools/mixWeights.ts FIRST SECOND SHARE FILE, SHARE from 0 to 1');
  process.exit(2);
}

const stored = (await readSafetensorsFile(firstPath)).tensors;
const first = castWeights(stored, 'float32');
const second = castWeights((await readSafetensorsFile(secondPath)).tensors, 'float32');
const mixed = [...first].map(([name, held]) => {
  const other = second.get(name);
  if (other?.shape.join() !== held.shape.join()) {
    console.error(`${secondPath}: expected ${name} of shape ${held.shape.join('x')}`);
    process.exit(2);
  }
  const [from, to] = [toFloat64(held), toFloat64(other)];
  const between = from.map((value, i) => value * (1 - share) + to[i] * share);
  return [name, float32(held.shape, between)] as const;
});
const [{ dtype }] = stored.values();
const storage = dtype === 'float16' ? 'float16' : 'float32';
await writeSafetensorsFile(target, castWeights(new Map(mixed), storage));
