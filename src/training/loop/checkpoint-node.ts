import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Graph } from '../../graph/index.js';
import { tensor, type Tensor, type Weights } from '../../tensor/index.js';
import { ConfigError } from '../../models/index.js';
import { checkFinite, matchWeights, WeightsError } from '../../weights/index.js';
import { describeSystemError } from '../../weights/file-node.js';
import { parseJson } from '../../weights/parseJson.js';
import { replaceFile } from '../../weights/replace-file-node.js';
import { readSafetensorsFile, writeSafetensorsFile } from '../../weights/safetensors-node.js';
import { makeFolder } from '../../weights/makeFolder-node.js';
import type { Optimizer } from '../optimizers/optimizers.js';
import { changedKeys, type RunIdentity } from './runIdentity.js';
import type { TrainingState } from './state.js';

const folderName = /^step-(\d+)$/;

/** What a checkpoint holds besides numbers: `state.json`. */
interface CheckpointHead {
  readonly step: number;
  /** Null where the checkpoint was written before runs had one. */
  readonly identity: RunIdentity | null;
}

export interface SaveOptions {
  /** Checkpoints that stay; older ones go. */
  readonly keep: number;
  readonly identity: RunIdentity;
}

/**
 * Saves a state as `FOLDER/step-N/`: `weights`, `ema` and one file an optimizer slot, all float32
 * safetensors. The folder appears under its name only when it is whole and on disk.
 * @throws WeightsError when a weight is not finite or the system refuses; older checkpoints stay then.
 */
export async function saveCheckpoint(
  folder: string,
  state: TrainingState,
  { keep, identity }: SaveOptions,
): Promise<string> {
  checkFinite(state.weights);
  const name = `step-${String(state.step).padStart(8, '0')}`;
  const path = join(folder, name);
  const partial = join(folder, `.${name}.partial`);
  try {
    await rm(partial, { recursive: true, force: true });
    await makeFolder(partial);
    await writeState(partial, state, identity);
    await rm(path, { recursive: true, force: true });
    await rename(partial, path);
    await syncFolder(folder);
  } catch (error) {
    // What was refused may be refused again; the error to tell is the first.
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw describeSystemError(path, error);
  }
  await pruneCheckpoints(folder, keep);
  return path;
}

/** Removes all but the newest checkpoints. */
export async function pruneCheckpoints(folder: string, keep: number): Promise<void> {
  for (const old of (await listCheckpoints(folder)).slice(0, -keep)) {
    await rm(old, { recursive: true, force: true });
  }
}

/** Removes the checkpoints of a step and of later ones. */
export async function dropCheckpoints(folder: string, from: number): Promise<void> {
  for (const path of await listCheckpoints(folder)) {
    if (stepOf(path) >= from) await rm(path, { recursive: true, force: true });
  }
}

/** The step of a checkpoint, which its folder is named by. */
export function stepOf(checkpoint: string): number {
  return Number(folderName.exec(basename(checkpoint))?.[1]);
}

async function writeState(
  folder: string,
  state: TrainingState,
  identity: RunIdentity,
): Promise<void> {
  const files: [string, Weights][] = [
    ['weights', state.weights],
    ['ema', state.ema],
    ...state.moments,
  ];
  for (const [file, weights] of files) {
    await writeSafetensorsFile(join(folder, `${file}.safetensors`), weights);
  }
  const head = JSON.stringify({ step: state.step, config: identity }, null, 2);
  await replaceFile(join(folder, 'state.json'), [new TextEncoder().encode(`${head}\n`)]);
}

/** Makes a rename durable before what it replaces is deleted; Windows cannot open a folder. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync();
  await folder?.close();
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
 * Reads the newest state of a folder back, exactly; null where there is none.
 * @throws ConfigError listing every config key that is not what the run was begun with; WeightsError, for a
 * checkpoint that is damaged, naming it and what to do.
 */
export async function loadNewestCheckpoint(
  folder: string,
  graph: Graph,
  optimizer: Optimizer,
  identity: RunIdentity,
): Promise<TrainingState | null> {
  const paths = await listCheckpoints(folder);
  const newest = paths.at(-1);
  if (newest === undefined) return null;
  try {
    const head = await readHead(newest);
    if (head.identity) requireSameRun(newest, head.identity, identity);
    return await loadState(newest, head.step, graph, optimizer);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const before = paths.at(-2);
    const remedy = before
      ? `delete it to continue from ${basename(before)}`
      : 'delete it to begin again';
    const reason = (error as Error).message.replaceAll(/\s*\n\s*/g, '; ');
    throw new WeightsError(`${newest}: damaged checkpoint (${reason}); ${remedy}`, {
      cause: error,
    });
  }
}

/**
 * The averaged weights of the newest checkpoint.
 * @throws WeightsError when there is none or it is damaged.
 */
export async function newestAverages(
  folder: string,
  graph: Graph,
): Promise<{ readonly step: number; readonly weights: Weights }> {
  const newest = (await listCheckpoints(folder)).at(-1);
  if (newest === undefined) throw new WeightsError(`${folder}: expected a checkpoint, got none`);
  const { step } = await readHead(newest);
  return { step, weights: await loadFloats(join(newest, 'ema.safetensors'), graph) };
}

/**
 * Checks that a config is the one that a run was begun with, as far as its newest checkpoint knows.
 * @throws ConfigError listing every key that is not; WeightsError for a damaged checkpoint.
 */
export async function requireRunConfig(folder: string, config: RunIdentity): Promise<void> {
  const newest = (await listCheckpoints(folder)).at(-1);
  if (newest === undefined) return;
  const { identity } = await readHead(newest);
  if (identity) requireSameRun(newest, identity, config);
}

function requireSameRun(path: string, begun: RunIdentity, now: RunIdentity): void {
  const changes = changedKeys(begun, now);
  if (changes.length === 0) return;
  const lines = [`${path}: the config is not the one that the run was begun with:`, ...changes];
  const advice = 'other values make a new run, in another output_dir, from initial_weights';
  throw new ConfigError([...lines, advice].join('\n'));
}

async function readHead(path: string): Promise<CheckpointHead> {
  const file = join(path, 'state.json');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw describeSystemError(file, error);
  });
  const head = parseJson(text, file);
  if (!isRecord(head) || !Number.isSafeInteger(head.step)) {
    throw new WeightsError(`${file}: expected a step number`);
  }
  return { step: Number(head.step), identity: isRecord(head.config) ? head.config : null };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function loadState(
  path: string,
  step: number,
  graph: Graph,
  optimizer: Optimizer,
): Promise<TrainingState> {
  const load = (file: string): Promise<Map<string, Tensor<'float32'>>> =>
    loadFloats(join(path, `${file}.safetensors`), graph);
  const moments = new Map<string, Map<string, Tensor<'float32'>>>();
  for (const slot of optimizer.slots) moments.set(slot, await load(slot));
  return { step, weights: await load('weights'), ema: await load('ema'), moments };
}

/** In the order of the graph's params, whatever that of the file is: sums over params depend on it. */
async function loadFloats(path: string, graph: Graph): Promise<Map<string, Tensor<'float32'>>> {
  const { tensors } = await readSafetensorsFile(path);
  matchWeights(graph.params, tensors);
  return new Map(
    graph.params.map(({ name, shape }) => {
      const value = tensors.get(name);
      if (!(value?.data instanceof Float32Array)) {
        throw new WeightsError(
          `${path}: ${name}: expected float32, got ${value?.dtype ?? 'nothing'}`,
        );
      }
      return [name, tensor('float32', shape, value.data)];
    }),
  );
}
