// Weights between two others of the same network: those of the first, moved by a share of the way to the second, in floats of
// as many bits as the first's.
//   npx tsx tools/mixWeights.ts FIRST.safetensors SECOND.safetensors SHARE FILE

import { castWeights } from '../src/weights/index.js';
import { float32 } from '../src/tensor/index.js';
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
const mixed = [...first].map(([name, { shape, data }]) => {
  const other = second.get(name);
  if (other?.data.length !== data.length) {
    console.error(`${secondPath}: expected ${name} of shape ${shape.join('x')}`);
    process.exit(2);
  }
  const between = Float64Array.from(data, (value, i) => {
    return Number(value) * (1 - share) + Number(other.data[i]) * share;
  });
  return [name, float32(shape, between)] as const;
});
const [{ dtype }] = stored.values();
await writeSafetensorsFile(target, castWeights(new Map(mixed), dtype));
