import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyFiles } from '../../test/checkpoints/tinyFiles.js';
import { createInterpreter } from '../graph/index.js';
import { float32, tensor, toFloat32 } from '../tensor/index.js';
import { initCheckpoint } from './initCheckpoint-node.js';
import { inspectPipeline } from './inspectPipeline.js';
import { openCheckpoint } from './openCheckpoint-node.js';
import type { PipelineFiles } from './presets.js';
import { kindEmbeddingName, promptEmbeddings } from './promptEmbeddings.js';
import { writeCheckpoint, writeLdmFile } from './writeCheckpoint-node.js';

const prompts = {
  _class_name: 'PromptEmbeddings',
  names: ['cat', 'tit', ''],
  tokens: 2,
  cross_attention_dim: 12,
} as const;
const files: PipelineFiles = { ...tinyFiles, text_encoder: null, prompt_embeddings: prompts };

let root: string;
let original: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nanosd-prompts-'));
  original = join(root, 'original');
  await initCheckpoint(original, files, { seed: 1 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('look prompts up by their place', async () => {
  const graph = promptEmbeddings({ names: ['a', ''], tokens: 2, crossAttentionDim: 1 }, { batch: 2 });
  const weights = new Map([[kindEmbeddingName, float32([2, 2], [1, 2, 3, 4])]]);
  await using session = await createInterpreter().load(graph, weights);
  const { encoder_hidden_states: states } = await session.run({
    kind: tensor('int64', [2], BigInt64Array.of(1n, 0n)),
  });
  expect(states.shape).toEqual([2, 2, 1]);
  expect([...toFloat32(states)]).toEqual([3, 4, 1, 2]);
});

describe('a checkpoint with learned prompts', () => {
  it('is written and read, the same bytes', async () => {
    await using checkpoint = await openCheckpoint(original);
    expect(checkpoint.textEncoder).toBeNull();
    expect(checkpoint.promptEmbeddings?.network.config.names).toEqual(['cat', 'tit', '']);
    const again = join(root, 'again');
    await writeCheckpoint(again, checkpoint, null);
    for (const name of ['config.json', 'diffusion_pytorch_model.safetensors']) {
      const path = join('prompt_embeddings', name);
      const [first, second] = await Promise.all(
        [original, again].map((folder) => readFile(join(folder, path))),
      );
      expect(second.equals(first)).toBe(true);
    }
    const index = JSON.parse(await readFile(join(again, 'model_index.json'), 'utf8')) as object;
    expect(index).toMatchObject({
      prompt_embeddings: ['nanosd', 'PromptEmbeddings'],
      text_encoder: [null, null],
    });
  });

  it('counts them', async () => {
    await using checkpoint = await openCheckpoint(original);
    const { components } = inspectPipeline(checkpoint, { width: 16, height: 16 });
    expect(components.get('prompt_embeddings')?.total).toMatchObject({ parameters: 72, tensors: 1 });
  });

  it('has no place in the original layout', async () => {
    await using checkpoint = await openCheckpoint(original);
    await expect(writeLdmFile(join(root, 'x.safetensors'), checkpoint)).rejects.toThrow(
      /expected networks of the original layout, got PromptEmbeddings/,
    );
  });

  it.each([
    [{ names: ['a', 'b'] }, /names: expected "", the unconditional prompt, at the end/],
    [{ names: ['a', 'a', ''] }, /names: expected names that differ/],
    [{ cross_attention_dim: 8 }, /expected cross_attention_dim 12 \(.* of the U-Net\), got 8/],
    [{ tokens: 3 }, /kind_embedding.weight: expected \[3, 36\], got \[3, 24\]/],
  ])('is refused with %o', async (change, message) => {
    const path = join(original, 'prompt_embeddings', 'config.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, JSON.stringify({ ...prompts, ...change }));
    try {
      await expect(openCheckpoint(original)).rejects.toThrow(message);
    } finally {
      await writeFile(path, text);
    }
  });
});
