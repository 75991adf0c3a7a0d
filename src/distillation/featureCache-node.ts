import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Graph } from '../graph/index.js';
import { ConfigError } from '../models/index.js';
import {
  castTensor,
  elementCount,
  Random,
  tensor,
  toFloat32,
  type Shape,
  type Tensor,
} from '../tensor/index.js';
import { openSafetensorsFile } from '../weights/safetensors-node.js';
import { streamSafetensors, type TensorSource, type TensorType } from '../weights/index.js';
import { describeSystemError } from '../weights/file-node.js';
import { replaceFile } from '../weights/replace-file-node.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import type { FeatureSet, FeatureSource } from './featureSource.js';
import { promptFeature } from './teacherFeatures.js';

/** How many batches of features a cache holds. */
export type CachePlan = Readonly<Record<FeatureSet, number>>;

const cacheFile = /^features-.*\.safetensors(\..*\.partial)?$/;

/**
 * The batches that fit into `bytes`: those that are held out, and of the training's as many as there are
 * steps, or as fit.
 * @throws ConfigError where less fits than a tenth of the steps, for surrogates would learn it by heart.
 */
export function planFeatureCache(
  graph: Graph,
  limits: { readonly steps: number; readonly heldOut: number; readonly bytes: number },
): CachePlan {
  const values = [...featureTypes(graph).values()].reduce(
    (sum, shape) => sum + elementCount(shape),
    0,
  );
  const perBatch = values * 2;
  const room = Math.floor(limits.bytes / perBatch) - limits.heldOut;
  const training = Math.min(limits.steps, room);
  const least = Math.ceil(limits.steps / 10);
  if (training < least) {
    const needed = Math.ceil(((least + limits.heldOut) * perBatch) / 1e6);
    throw new ConfigError(
      `cache_megabytes: expected at least ${needed}, for features of ${least} batches of ` +
        `${(perBatch / 1e6).toFixed(1)} MB, got ${limits.bytes / 1e6}; 0 runs the teacher with the training`,
    );
  }
  return { training, held_out: limits.heldOut };
}

/** Whether the cache is there, whole. */
export async function hasFeatureCache(place: FeatureCachePlace): Promise<boolean> {
  const file = await openSafetensorsFile(cachePath(place)).catch(() => null);
  await file?.close();
  return file !== null;
}

/** Where the features of a run are kept, and what says whose they are. */
export interface FeatureCachePlace {
  readonly folder: string;
  /** Of everything that the features depend on. */
  readonly hash: string;
}

/**
 * Makes a cache: float16, one safetensors file with a tensor for each feature of each
 * batch. It appears under its name only when it is whole; those of other runs are removed first.
 * @throws WeightsError when the system refuses, such as for a full disk; nothing is left behind then.
 */
export async function makeFeatureCache(
  place: FeatureCachePlace,
  plan: CachePlan,
  { graph, source, onBatch }: CacheMaking,
): Promise<void> {
  try {
    await makeFolder(place.folder);
    for (const name of await readdir(place.folder)) {
      if (cacheFile.test(name)) await rm(join(place.folder, name), { force: true });
    }
  } catch (error) {
    throw describeSystemError(place.folder, error);
  }
  await replaceFile(
    cachePath(place),
    streamSafetensors(featureTensors(plan, graph, source, onBatch)),
  );
}

export interface CacheMaking {
  /** `teacherFeatureGraph`. */
  readonly graph: Graph;
  readonly source: FeatureSource;
  readonly onBatch: (done: number, total: number) => void;
}

/**
 * The features of a cache. The training's batches come in another order each time round.
 * @throws WeightsError when the cache is absent or damaged.
 */
export async function openFeatureCache(
  place: FeatureCachePlace,
  plan: CachePlan,
  seed: number,
): Promise<FeatureSource> {
  const file = await openSafetensorsFile(cachePath(place));
  const take = async (set: FeatureSet, batch: number, names: readonly string[]) => {
    const read = async (name: string): Promise<[string, Tensor]> => {
      const half = await file.read(tensorName(set, batch, name));
      return [name, tensor('float32', half.shape, toFloat32(half))];
    };
    return Object.fromEntries(await Promise.all(names.map(read)));
  };
  const orderOf = batchOrder(plan.training, seed);
  return {
    training: (step, names) => take('training', orderOf(step), names),
    heldOut: (batch, names) => take('held_out', batch, names),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Which of `count` batches a step sees: all of them once in each round, in the first in their own order. */
function batchOrder(count: number, seed: number): (step: number) => number {
  let known = { round: -1, order: [] as readonly number[] };
  return (step) => {
    const round = Math.floor(step / count);
    if (round !== known.round) known = { round, order: orderOfRound(count, seed, round) };
    return known.order[step % count];
  };
}

function orderOfRound(count: number, seed: number, round: number): readonly number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  if (round === 0) return order;
  const random = Random.seeded(seed, round);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

const cachePath = ({ folder, hash }: FeatureCachePlace): string =>
  join(folder, `features-${hash}.safetensors`);

const tensorName = (set: FeatureSet, batch: number, feature: string): string =>
  `${set}.${batch}.${feature}`;

function featureTypes(graph: Graph): Map<string, Shape> {
  const prompt = graph.inputs.find(({ name }) => name === promptFeature);
  const outputs = Object.entries(graph.outputs).map(([name, { shape }]): [string, Shape] => [
    name,
    shape,
  ]);
  return new Map(prompt ? [...outputs, [promptFeature, prompt.shape]] : outputs);
}

/** Every tensor of the cache, made when it is read; reading goes in order. */
function featureTensors(
  plan: CachePlan,
  graph: Graph,
  source: FeatureSource,
  onBatch: CacheMaking['onBatch'],
): TensorSource {
  const types = featureTypes(graph);
  const names = [...types.keys()];
  const places = new Map<string, { set: FeatureSet; batch: number; name: string }>();
  const entries = new Map<string, TensorType>();
  const batches: readonly [FeatureSet, number][] = [
    ['held_out', plan.held_out],
    ['training', plan.training],
  ];
  for (const [set, count] of batches) {
    for (let batch = 0; batch < count; batch++) {
      for (const [name, shape] of types) {
        const key = tensorName(set, batch, name);
        entries.set(key, { dtype: 'float16', shape });
        places.set(key, { set, batch, name });
      }
    }
  }
  let done = 0;
  return {
    entries,
    async read(key) {
      const place = places.get(key);
      if (!place) throw new Error(`expected a tensor of the cache, got ${key}`);
      const { set, batch, name } = place;
      const features =
        set === 'training'
          ? await source.training(batch, names)
          : await source.heldOut(batch, names);
      if (name === names[names.length - 1]) onBatch(++done, plan.held_out + plan.training);
      return castTensor(features[name], 'float16');
    },
  };
}
