import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Feeds, Graph } from '../../src/graph/index.js';
import {
  clipText,
  decoderOf,
  encoderOf,
  nanosdUnet,
  stagedUnetOf,
  type Precision,
} from '../../src/models/index.js';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { openCheckpoint, type OpenCheckpoint } from '../../src/models/openCheckpoint-node.js';
import { tokenizerWriter } from '../../src/models/writeCheckpoint-node.js';
import { exportCheckpoint } from '../../src/onnx/exportCheckpoint-node.js';
import { createNodeExecutor } from '../../src/runtime/ort-node.js';
import { fromOrtFeeds, toOrtFeeds } from '../../src/runtime/ortTensor.js';
import { castTensor, Random, tensor, toFloat32, type Tensor } from '../../src/tensor/index.js';
import type { Checkpoint } from '../../src/weights/index.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';

const [batch, width, height] = [2, 16, 8];
const latents = { batch, width: width / 2, height: height / 2 };

let root: string;
let checkpoint: OpenCheckpoint;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-export-'));
  await initCheckpoint(join(root, 'checkpoint'), tinyFiles, { seed: 4 });
  checkpoint = await openCheckpoint(join(root, 'checkpoint'));
});
afterAll(async () => {
  await checkpoint[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

function exportTo(folder: string, precision: Precision = 'float32') {
  const options = { batch, width, height, precision };
  const writeTokenizer = tokenizerWriter(checkpoint.tokenizerFolder);
  return exportCheckpoint(join(root, folder), checkpoint, writeTokenizer, options);
}

interface Exported {
  readonly graph: Graph;
  readonly weights: Checkpoint;
  readonly feeds: Feeds;
  /** Where the exported network is fed something else. */
  readonly exportedFeeds: Feeds;
}

/** The exported networks, as the library itself runs them, by their folder. */
function networks(): ReadonlyMap<string, Exported> {
  const { unet, vae, textEncoder } = checkpoint;
  if (!textEncoder) return expect.fail('no text encoder');
  const random = Random.seeded(3);
  const numbers = (...shape: number[]): Tensor =>
    tensor('float32', shape, random.normals(shape.reduce((a, b) => a * b)));
  const idCount = batch * 77;
  const ids = BigInt64Array.from({ length: idCount }, (_, i) => BigInt((i * 31) % 514));
  const prompt = { input_ids: tensor('int64', [batch, 77], ids) };
  const latent = numbers(batch, 4, latents.height, latents.width);
  const denoised = { sample: latent, encoder_hidden_states: numbers(batch, 77, 12) };
  const timestep = (count: number): Tensor =>
    tensor('float32', [count], new Float32Array(count).fill(321));
  const picture = { sample: numbers(batch, 3, height, width) };
  return new Map([
    [
      'text_encoder',
      {
        graph: clipText(textEncoder.network.config, { batch }),
        weights: textEncoder.weights,
        feeds: prompt,
        exportedFeeds: { input_ids: castTensor(prompt.input_ids, 'int32') },
      },
    ],
    [
      'unet',
      {
        graph: nanosdUnet(stagedUnetOf(unet.network), { ...latents, contextTokens: 77 }),
        weights: unet.weights,
        feeds: { ...denoised, timestep: timestep(batch) },
        exportedFeeds: { ...denoised, timestep: timestep(1) },
      },
    ],
    [
      'vae_encoder',
      {
        graph: encoderOf(vae.network, { batch, width, height }),
        weights: vae.weights,
        feeds: picture,
        exportedFeeds: picture,
      },
    ],
    [
      'vae_decoder',
      {
        graph: decoderOf(vae.network, latents),
        weights: vae.weights,
        feeds: { latent_sample: latent },
        exportedFeeds: { latent_sample: latent },
      },
    ],
  ]);
}

/** The largest difference to what the library computes, as a part of the largest number, for each output. */
async function compare(folder: string): Promise<[output: string, error: number][]> {
  const errors: [string, number][] = [];
  for (const [name, { graph, weights, feeds, exportedFeeds }] of networks()) {
    await using session = await createNodeExecutor({ threads: 1 }).loadMapped(graph, weights);
    const expected = await session.run(feeds);
    const model = await readFile(join(root, folder, name, 'model.onnx'));
    // The other ONNX Runtime: WebAssembly.
    const other = await InferenceSession.create(model, { executionProviders: ['wasm'] });
    const outputs = fromOrtFeeds(await other.run(toOrtFeeds(OrtTensor, exportedFeeds)));
    await other.release();
    expect(Object.keys(outputs)).toEqual(Object.keys(expected));
    for (const [output, value] of Object.entries(expected)) {
      expect(outputs[output].shape).toEqual(value.shape);
      const exact = toFloat32(value);
      const got = toFloat32(outputs[output]);
      const largest = (values: Float32Array): number => Math.max(...values.map(Math.abs));
      errors.push([`${name}.${output}`, largest(exact.map((x, i) => x - got[i])) / largest(exact)]);
    }
  }
  return errors;
}

describe('an exported checkpoint', () => {
  it('computes in another runtime what it does here, under the usual names', async () => {
    await exportTo('single');
    const errors = await compare('single');
    expect(errors.map(([output]) => output)).toEqual([
      'text_encoder.last_hidden_state',
      'text_encoder.pooler_output',
      'unet.out_sample',
      'vae_encoder.latent_parameters',
      'vae_decoder.sample',
    ]);
    for (const [output, error] of errors) expect(error, output).toBeLessThan(1e-5);
  });

  it('does so in half precision, within it', async () => {
    await exportTo('half', 'float16');
    for (const [output, error] of await compare('half')) expect(error, output).toBeLessThan(0.01);
  });

  it('has all that a pipeline needs beside the networks', async () => {
    const files = await exportTo('whole');
    expect(files.map(({ path }) => path)).toEqual([
      'text_encoder/model.onnx',
      'unet/model.onnx',
      'vae_encoder/model.onnx',
      'vae_decoder/model.onnx',
    ]);
    const folder = join(root, 'whole');
    expect((await readdir(folder)).sort()).toEqual([
      ...['model_index.json', 'scheduler', 'text_encoder', 'tokenizer', 'unet'],
      ...['vae_decoder', 'vae_encoder'],
    ]);
    const index = JSON.parse(await readFile(join(folder, 'model_index.json'), 'utf8')) as object;
    expect(index).toMatchObject({
      _class_name: 'OnnxStableDiffusionPipeline',
      unet: ['diffusers', 'OnnxRuntimeModel'],
      scheduler: ['diffusers', 'PNDMScheduler'],
    });
    await expect(exportTo('whole')).rejects.toThrow('expected no folder yet');
  });

  it('is refused for sides that are no whole number of latents', async () => {
    const options = { batch: 1, width: 15, height: 8, precision: 'float32' } as const;
    const refused = exportCheckpoint(join(root, 'odd'), checkpoint, null, options);
    await expect(refused).rejects.toThrow('expected sides that are multiples of 2, got 15x8');
    expect(await readdir(root)).not.toContain('odd');
  });
});
