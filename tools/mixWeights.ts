// The mean of several weights of one network, in halves where the first is. A share (1 unless given) says how much one counts.
//   npx tsx tools/mixWeights.ts FILE FIRST.safetensors[=SHARE] SECOND.safetensors[=SHARE] ...

import { castWeights } from '../src/weights/index.js';
import { elementCount, float32, toFloat64, type Weights } from '../src/tensor/index.js';
import { readSafetensorsFile, writeSafetensorsFile } from '../src/weights/safetensors-node.js';

const [target, ...sources] = process.argv.slice(2);
const parts = sources.map((source) => {
  const [, path, share = '1'] = /^(.*?)(?:=([\d.]+))?$/.exec(source) ?? [];
  return { path, share: Number(share) };
});
const total = parts.reduce((sum, { share }) => sum + share, 0);
if (parts.length < 2 || !(total > 0)) {
  console.error('usage: npx tsx tools/mixWeights.ts FILE FIRST[=SHARE] SECOND[=SHARE] ...');
  process.exit(2);
}

const [stored, ...others] = await Promise.all(
  parts.map(async ({ path }) => (await readSafetensorsFile(path)).tensors),
);
const mixed = [...stored].map(([name, { shape }]) => {
  const sum = new Float64Array(elementCount(shape));
  [stored, ...others].forEach((weights, i) => {
    const { path, share } = parts[i];
    const values = toFloat64(weightOf(weights, name, shape, path));
    values.forEach((value, at) => (sum[at] += (value * share) / total));
  });
  return [name, float32(shape, sum)] as const;
});
const [{ dtype }] = stored.values();
const storage = dtype === 'float16' ? 'float16' : 'float32';
await writeSafetensorsFile(target, castWeights(new Map(mixed), storage));

function weightOf(weights: Weights, name: string, shape: readonly number[], path: string) {
  const held = weights.get(name);
  if (held?.shape.join() === shape.join()) return held;
  console.error(`${path}: expected ${name} of shape ${shape.join('x')}`);
  process.exit(2);
}
