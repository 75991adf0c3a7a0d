import { mkdir, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import {
  elementCount,
  float32,
  fromFloat64,
  Random,
  tensor,
  toFloat64,
  type Tensor,
  type Weights,
} from '../tensor/index.js';
import { openSafetensorsFile, writeSafetensorsFile } from '../weights/safetensors-node.js';
import { createNodeExecutor } from './ort-node.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mapped-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A convolution, a matrix product and an addition, whose weights ONNX Runtime treats differently. */
function network(): { graph: Graph; weights: Map<string, Tensor> } {
  const b = new GraphBuilder();
  const x = b.input('x', [1, 4, 6, 6]);
  const conv = b.conv(x, b.param('conv.weight', [8, 4, 3, 3]), b.param('conv.bias', [8]));
  const product = b.matmul(b.reshape(conv, [8, 16]), b.param('linear.weight', [16, 8]));
  const graph = b.build({ y: b.add(product, b.param('table', [8, 8])) });
  const random = Random.seeded(1);
  const weights = new Map(
    graph.params.map(({ name, shape }): [string, Tensor] => [
      name,
      tensor('float32', shape, random.normals(elementCount(shape))),
    ]),
  );
  return { graph, weights };
}

const x = tensor('float32', [1, 4, 6, 6], Random.seeded(2).normals(144));

async function runLoaded(graph: Graph, weights: Weights): Promise<number[]> {
  await using session = await createNodeExecutor().load(graph, weights);
  return Array.from(toFloat64((await session.run({ x })).y));
}

async function runMapped(graph: Graph, path: string): Promise<number[]> {
  const checkpoint = await openSafetensorsFile(path);
  const loading = createNodeExecutor().loadMapped(graph, checkpoint);
  await using session = await loading.finally(() => checkpoint.close());
  return Array.from(toFloat64((await session.run({ x })).y));
}

/** A safetensors file whose tensors start at odd places, as the format allows. */
async function writeUnaligned(path: string, weights: Weights): Promise<void> {
  const entries: Record<string, unknown> = {
    odd: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
  };
  const parts: Uint8Array[] = [Uint8Array.of(7)];
  let end = 1;
  for (const [name, { shape, data }] of weights) {
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    entries[name] = { dtype: 'F32', shape, data_offsets: [end, (end += data.byteLength)] };
  }
  const json = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(path, Buffer.concat([length, json, ...parts]));
}

describe('loadMapped', () => {
  it('computes what load does, from the file', async () => {
    const { graph, weights } = network();
    const path = join(folder, 'w.safetensors');
    await writeSafetensorsFile(path, weights);
    expect(await runMapped(graph, path)).toEqual(await runLoaded(graph, weights));
  });

  it('takes tensors that are not aligned', async () => {
    const { graph, weights } = network();
    const path = join(folder, 'w.safetensors');
    await writeUnaligned(path, weights);
    await using checkpoint = await openSafetensorsFile(path);
    const { entries } = checkpoint;
    expect([...entries.values()].map(({ offset }) => offset % 4)).not.toContain(0);
    expect(await runMapped(graph, path)).toEqual(await runLoaded(graph, weights));
  });

  it.each(['float16', 'bfloat16', 'float64'] as const)(
    'casts weights stored as %s',
    async (dtype) => {
      const { graph, weights } = network();
      const path = join(folder, 'w.safetensors');
      const stored = new Map(
        [...weights].map(([name, w]) => [name, fromFloat64(dtype, w.shape, toFloat64(w))]),
      );
      await writeSafetensorsFile(path, stored);
      const read = new Map(
        [...stored].map(([name, w]) => [name, fromFloat64('float32', w.shape, toFloat64(w))]),
      );
      expect(await runMapped(graph, path)).toEqual(await runLoaded(graph, read));
    },
  );

  it('follows links to shards in other folders', async () => {
    const { graph, weights } = network();
    const weight_map: Record<string, string> = {};
    await mkdir(join(folder, 'snapshot'));
    for (const [i, [name, weight]] of [...weights].entries()) {
      await mkdir(join(folder, `blobs${i}`));
      const blob = join(folder, `blobs${i}`, 'blob');
      await writeSafetensorsFile(blob, new Map([[name, weight]]));
      weight_map[name] = `part${i}.safetensors`;
      await symlink(blob, join(folder, 'snapshot', weight_map[name]));
    }
    const index = join(folder, 'snapshot', 'model.safetensors.index.json');
    await writeFile(index, JSON.stringify({ weight_map }));
    expect(await runMapped(graph, index)).toEqual(await runLoaded(graph, weights));
  });

  // Windows gives a file all of its length at once.
  it.skipIf(process.platform === 'win32')('takes 2.4 GB without reading them', async () => {
    const path = join(folder, 'w.safetensors');
    const rows = 4_687_500;
    const bytes = rows * 64 * 4;
    const json = JSON.stringify({
      first: { dtype: 'F32', shape: [rows, 64], data_offsets: [0, bytes] },
      second: { dtype: 'F32', shape: [rows, 64], data_offsets: [bytes, 2 * bytes] },
    });
    const file = await open(path, 'w');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    await file.write(Buffer.concat([length, Buffer.from(json)]));
    await file.truncate(8 + json.length + 2 * bytes);
    const last = Buffer.from(Float32Array.of(1.5).buffer);
    await file.write(last, 0, 4, 8 + json.length + 2 * bytes - 4);
    await file.close();

    const b = new GraphBuilder();
    const at = b.input('at', [1], 'int64');
    const row = (name: string): Value =>
      b.apply('gather', [b.param(name, [rows, 64]), at], { axis: 0 });
    const graph = b.build({ y: b.add(row('first'), row('second')) });
    const before = process.memoryUsage().rss;
    await using checkpoint = await openSafetensorsFile(path);
    await using session = await createNodeExecutor().loadMapped(graph, checkpoint);
    const { y } = await session.run({ at: fromFloat64('int64', [1], [rows - 1]) });
    expect([...toFloat64(y)].slice(-2)).toEqual([0, 1.5]);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  it('lists every weight that is missing or does not fit', async () => {
    const { graph, weights } = network();
    weights.delete('table');
    weights.set('conv.bias', float32([2], [1, 2]));
    weights.set('linear.weight', fromFloat64('int32', [16, 8], new Array<number>(128).fill(1)));
    const path = join(folder, 'w.safetensors');
    await writeSafetensorsFile(path, weights);
    await expect(runMapped(graph, path)).rejects.toThrow(
      'initializers do not fit the graph: conv.bias: expected float32 [8], got float32 [2]; ' +
        'linear.weight: expected float32 [16, 8], got int32 [16, 8]; ' +
        'table: expected float32 [8, 8], got nothing',
    );
  });
});

describe('load', () => {
  it('keeps large weights apart from later changes, whatever their names', async () => {
    const b = new GraphBuilder();
    const table = b.param('/unet/../table', [256, 144]);
    const flat = b.reshape(b.input('x', [1, 4, 6, 6]), [144]);
    const graph = b.build({ y: b.mul(flat, table) });
    const weight = tensor('float32', [256, 144], new Float32Array(256 * 144).fill(2));
    await using session = await createNodeExecutor().load(
      graph,
      new Map([['/unet/../table', weight]]),
    );
    weight.data.fill(9);
    const { y } = await session.run({ x });
    expect(toFloat64(y)[5]).toBe(2 * toFloat64(x)[5]);
  });
});
