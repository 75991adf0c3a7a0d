import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluateGraph, GraphBuilder, type Graph } from '../graph/index.js';
import { float32, fromFloat64, type Tensor } from '../tensor/index.js';
import { openSafetensorsFile, writeSafetensorsFile } from '../weights/safetensors-node.js';
import { readOnnxModel, writeOnnxModel } from './file-node.js';
import { encodeModel, toModelProto } from './model.js';
import type { Initializer } from './proto.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-'));
});
afterEach(() => rm(folder, { recursive: true }));

function linear(): { graph: Graph; weights: Map<string, Tensor> } {
  const b = new GraphBuilder();
  const product = b.matmul(b.input('x', [1, 2]), b.param('weight', [2, 3]));
  const graph = b.build({ y: b.add(product, b.param('bias', [3])) });
  const weights = new Map<string, Tensor>([
    ['weight', float32([2, 3], [1, 2, 3, 4, 5, 6])],
    ['bias', float32([3], [0.5, 1, 2])],
    ['unused', float32([1], [9])],
  ]);
  return { graph, weights };
}

const x = float32([1, 2], [1, -1]);
const y = [-2.5, -2, -1];

async function evaluateFile(path: string): Promise<number[]> {
  const { graph, weights } = await readOnnxModel(path);
  return Array.from(evaluateGraph(graph, { x, ...Object.fromEntries(weights) }).y);
}

describe('writeOnnxModel', () => {
  it.each([
    ['inline', ['m.onnx']],
    ['beside', ['m.onnx', 'm.onnx.data']],
  ] as const)('writes weights %s, which readOnnxModel reads', async (externalData, files) => {
    const { graph, weights } = linear();
    await writeOnnxModel(join(folder, 'm.onnx'), graph, weights, { externalData });
    expect(await readdir(folder)).toEqual(files);
    expect(await evaluateFile(join(folder, 'm.onnx'))).toEqual(y);
  });

  it('starts each weight on a page of the data file', async () => {
    const { graph, weights } = linear();
    await writeOnnxModel(join(folder, 'm.onnx'), graph, weights, { externalData: 'beside' });
    const data = await readFile(join(folder, 'm.onnx.data'));
    expect(data.length).toBe(4096 + 12);
    expect([data.readFloatLE(20), data.readFloatLE(24), data.readFloatLE(4096)]).toEqual([
      6, 0, 0.5,
    ]);
  });

  it.each(['inline', 'beside'] as const)(
    'takes a checkpoint as it is stored, %s',
    async (externalData) => {
      const { graph, weights } = linear();
      weights.set('weight', fromFloat64('float16', [2, 3], [1, 2, 3, 4, 5, 6]));
      await writeSafetensorsFile(join(folder, 'w.safetensors'), weights);
      await using checkpoint = await openSafetensorsFile(join(folder, 'w.safetensors'));
      await writeOnnxModel(join(folder, 'm.onnx'), graph, checkpoint, { externalData });
      const { weights: read } = await readOnnxModel(join(folder, 'm.onnx'));
      expect(read.get('weight')?.dtype).toBe('float16');
      expect(await evaluateFile(join(folder, 'm.onnx'))).toEqual(y);
    },
  );

  it('writes nothing when a weight is missing', async () => {
    const { graph, weights } = linear();
    weights.delete('bias');
    for (const externalData of ['inline', 'beside'] as const) {
      await expect(
        writeOnnxModel(join(folder, 'm.onnx'), graph, weights, { externalData }),
      ).rejects.toThrow('bias: expected float32 [3], got nothing');
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses more than a model file can hold', async () => {
    const b = new GraphBuilder();
    const table = b.param('table', [600_000_000]);
    const graph = b.build({ y: b.sliceAxis(table, 0, 0, 1) });
    // As long as 2.4 GB of weights, and nothing on the disk.
    await writeFile(join(folder, 'w.safetensors'), sparseHeader(600_000_000));
    await truncate(join(folder, 'w.safetensors'), sparseHeader(600_000_000).length + 2.4e9);
    await using checkpoint = await openSafetensorsFile(join(folder, 'w.safetensors'));
    await expect(writeOnnxModel(join(folder, 'm.onnx'), graph, checkpoint)).rejects.toThrow(
      'expected at most 2080374784 bytes of weights in a model file, got 2400000000',
    );
  });
});

/** The start of a safetensors file with one float32 vector `table`. */
function sparseHeader(length: number): Buffer {
  const json = JSON.stringify({
    table: { dtype: 'F32', shape: [length], data_offsets: [0, 4 * length] },
  });
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([start, Buffer.from(json)]);
}

describe('readOnnxModel', () => {
  async function writePointingAt(location: string, length = 24): Promise<string> {
    const { graph, weights } = linear();
    const initializers = new Map<string, Initializer>(weights);
    initializers.set('weight', { dtype: 'float32', shape: [2, 3], location, offset: 0, length });
    await writeFile(join(folder, 'm.onnx'), encodeModel(toModelProto(graph, initializers)));
    return join(folder, 'm.onnx');
  }

  it.each(['/etc/hostname', '../secret', 'sub/../../secret', '', 'link'])(
    'does not follow a model to %j',
    async (location) => {
      await symlink('/etc/hostname', join(folder, 'link'));
      await expect(readOnnxModel(await writePointingAt(location))).rejects.toThrow(
        `expected external data in the model's folder, got ${location}`,
      );
    },
  );

  it('names a data file that is absent, short or not as long as the shape', async () => {
    const path = await writePointingAt('w.data');
    await expect(readOnnxModel(path)).rejects.toThrow(/w\.data: no such file/);
    await writeFile(join(folder, 'w.data'), new Uint8Array(20));
    await expect(readOnnxModel(path)).rejects.toThrow(/w\.data: expected 24 bytes at 0, got 20/);
    await expect(readOnnxModel(await writePointingAt('w.data', 20))).rejects.toThrow(
      /initializer weight: expected 6 elements for shape \[2, 3\], got 5/,
    );
  });
});
