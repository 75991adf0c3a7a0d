import { describe, expect, it } from 'vitest';
import { tinyFiles } from '../../test/checkpoints/tinyFiles.js';
import { createInterpreter } from '../graph/index.js';
import { Random, tensor, toFloat32, type Tensor } from '../tensor/index.js';
import type { TensorSource } from '../weights/index.js';
import { initialWeights } from './initialWeights.js';
import { nanosdUnet } from './nanosdUnet.js';
import { componentClasses, parseNetwork, stagedUnetOf } from './network.js';

const unet = parseNetwork(tinyFiles.unet, componentClasses.unet, 'unet');

async function readAll(source: TensorSource): Promise<Map<string, Tensor>> {
  const weights = new Map<string, Tensor>();
  for (const name of [...source.entries.keys()].reverse()) {
    weights.set(name, await source.read(name));
  }
  return weights;
}

describe('initial weights', () => {
  it('follow from the seed and the name, not from the order', async () => {
    const one = initialWeights(unet, 7, 'float32');
    const all = await readAll(one);
    expect(await one.read('conv_in.weight')).toEqual(all.get('conv_in.weight'));
    const other = await initialWeights(unet, 8, 'float32').read('conv_in.weight');
    expect(other).not.toEqual(all.get('conv_in.weight'));
    expect(all.get('conv_in.weight')).not.toEqual(all.get('conv_out.weight'));
  });

  it('are uniform within one over the root of the fan-in, biases too; norms begin at 1 and 0', async () => {
    const weights = initialWeights(unet, 1, 'float32');
    const bound = 1 / Math.sqrt(16 * 9);
    const kernel = toFloat32(await weights.read('down_blocks.1.resnets.1.conv1.weight'));
    expect(Math.max(...kernel.map(Math.abs))).toBeLessThanOrEqual(bound);
    const square = kernel.reduce((sum, x) => sum + x * x, 0) / kernel.length;
    expect(square).toBeCloseTo((bound * bound) / 3, 4);
    const bias = toFloat32(await weights.read('down_blocks.1.resnets.1.conv1.bias'));
    expect(Math.max(...bias.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(new Set(bias).size).toBe(bias.length);
    expect(toFloat32(await weights.read('conv_norm_out.weight')).every((x) => x === 1)).toBe(true);
    expect(toFloat32(await weights.read('conv_norm_out.bias')).every((x) => x === 0)).toBe(true);
  });

  it('in half precision are those in single precision, rounded', async () => {
    const half = await initialWeights(unet, 7, 'float16').read('conv_in.weight');
    const single = await initialWeights(unet, 7, 'float32').read('conv_in.weight');
    expect(half.dtype).toBe('float16');
    const [rounded, exact] = [toFloat32(half), toFloat32(single)];
    rounded.forEach((x, i) => expect(x).toBeCloseTo(exact[i], 3));
  });

  it('give a network whose output is of the size of its input', async () => {
    const graph = nanosdUnet(stagedUnetOf(unet), { batch: 1, height: 8, width: 8, contextTokens: 3 });
    const session = await createInterpreter().load(
      graph,
      await readAll(initialWeights(unet, 3, 'float32')),
    );
    const random = Random.seeded(5);
    const { out_sample: out } = await session.run({
      sample: tensor('float32', [1, 4, 8, 8], random.normals(256)),
      timestep: tensor('float32', [1], Float32Array.of(500)),
      encoder_hidden_states: tensor('float32', [1, 3, 12], random.normals(36)),
    });
    const rms = Math.sqrt(toFloat32(out).reduce((sum, x) => sum + x * x, 0) / 256);
    expect(rms).toBeGreaterThan(0.01);
    expect(rms).toBeLessThan(10);
  });
});
