import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Graph } from '../graph/index.js';
import { tensor, type Tensor, type Weights } from '../tensor/index.js';
import { matchWeights } from '../weights/index.js';
import { readSafetensorsFile, writeSafetensorsFile } from '../weights/safetensors-node.js';
import type { Optimizer } from './optimizers.js';
import type { TrainingState } from './state.js';

const folderName = /^step-(\d+)$/;

/**
 * Saves a state as `FOLDER/step-N/`: `weights`, `ema` and one file an optimizer slot, all float32
 * safetensors. The folder appears under its name only when it is whole; older ones beyond `keep` go.
 */
export async function saveCheckpoint(
  folder: string,
  state: TrainingState,
  keep: number,
): Promise<string> {
  const name = `step-${String(state.step).padStart(8, '0')}`;
  const temporary = join(folder, `.${name}.partial`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const files = new Map<string, Weights>([
    ['weights', state.weights],
    ['ema', state.ema],
    ...state.moments,
  ]);
  for (const [file, weights] of files) {
    await writeSafetensorsFile(join(temporary, `${file}.safetensors`), weights);
  }
  await writeFile(join(temporary, 'state.json'), `${JSON.stringify({ step: state.step })}\n`);
  const path = join(folder, name);
  await rm(path, { recursive: true, force: true });
  await rename(temporary, path);
  for (const old of (await listCheckpoints(folder)).slice(0, -keep)) {
    await rm(old, { recursive: true, force: true });
  }
  return path;
}

/** The checkpoints of a folder, oldest first. */
export async function listCheckpoints(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .filter((name) => folderName.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Reads a state back, exactly.
 * @throws Error when a file is missing or does not fit the network.
 */
export async function loadCheckpoint(
  path: string,
  graph: Graph,
  optimizer: Optimizer,
): Promise<TrainingState> {
  const state = JSON.parse(await readFile(join(path, 'state.json'), 'utf8')) as { step: unknown };
  if (typeof state.step !== 'number') throw new Error(`${path}/state.json: expected a step number`);
  const load = async (file: string): Promise<Map<string, Tensor<'float32'>>> => {
    const { tensors } = await readSafetensorsFile(join(path, `${file}.safetensors`));
    matchWeights(graph.params, tensors);
    return new Map([...tensors].map(([name, value]) => [name, requireFloat32(name, value)]));
  };
  const moments = new Map<string, Map<string, Tensor<'float32'>>>();
  for (const slot of optimizer.slots) moments.set(slot, await load(slot));
  return { step: state.step, weights: await load('weights'), ema: await load('ema'), moments };
}

function requireFloat32(name: string, value: Tensor): Tensor<'float32'> {
  if (!(value.data instanceof Float32Array)) {
    throw new Error(`${name}: expected float32, got ${value.dtype}`);
  }
  return tensor('float32', value.shape, value.data);
}
