import type { NamedValue } from '../graph/index.js';
import { elementCount, sameShape, type Shape } from '../tensor/index.js';
import {
  matchWeights,
  renameTensors,
  WeightsError,
  type Checkpoint,
  type Origin,
} from '../weights/index.js';
import { clipTextIgnoredKeys } from './clipText.js';
import { isOfOriginal, ldmNaming, ldmPrefixes } from './ldmKeys.js';
import { networkParams, type Network } from './network.js';

/** How files name the weights of networks: as diffusers does, or as the original single file. */
export type Layout = 'diffusers' | 'ldm';

/**
 * The weights of a network in a file, under the names and shapes that the network has, in its order. Names of
 * older versions are recognised, and so are 1x1 convolutions in place of matrices. Only headers are
 * looked at; the bytes stay where they are.
 * @param label what messages put before a name, such as `unet.`.
 * @throws WeightsError listing every missing, unexpected and misshapen weight.
 */
export function networkWeights(
  network: Network,
  file: Checkpoint,
  layout: Layout,
  label: string,
): Checkpoint {
  const params = networkParams(network);
  const namesOf = storedNames(network, layout);
  const origins = new Map<string, Origin>();
  const found = new Map<string, { readonly shape: Shape }>();
  const unclaimed = new Set(ownedNames(network, file, layout));
  for (const param of params) {
    const stored = namesOf(param.name).find((name) => unclaimed.delete(name));
    const entry = stored === undefined ? undefined : file.entries.get(stored);
    if (stored === undefined || !entry) continue;
    const shape = shapeOf(param, entry.shape);
    origins.set(param.name, { name: stored, shape });
    found.set(param.name, { shape });
  }
  for (const name of unclaimed) {
    const entry = file.entries.get(name);
    if (entry && !isIgnored(network, name)) found.set(name, entry);
  }
  matchWeights(params, found, label);
  return renameTensors(file, origins);
}

/** The shape that a param asks for, where the stored one only has ones more at its end. */
function shapeOf({ shape }: NamedValue, stored: Shape): Shape {
  const isLonger = stored.length > shape.length && elementCount(shape) === elementCount(stored);
  return isLonger && sameShape(stored.slice(0, shape.length), shape) ? shape : stored;
}

/** The names that a weight may be stored under, the usual one first. */
function storedNames(network: Network, layout: Layout): (name: string) => readonly string[] {
  if (layout === 'diffusers') {
    return network.className === 'AutoencoderKL' ? (name) => [name, oldVaeName(name)] : one;
  }
  const naming = ldmNaming(network);
  if (!naming) {
    throw new WeightsError(`expected a network of the original layout, got ${network.className}`);
  }
  return (name) => [naming(name)];
}

const one = (name: string): readonly string[] => [name];

/** What diffusers called the layers of the VAE's attention before 0.17, as published SD 1.x files still do. */
const oldAttentionParts: readonly (readonly [string, string])[] = [
  ['.to_q.', '.query.'],
  ['.to_k.', '.key.'],
  ['.to_v.', '.value.'],
  ['.to_out.0.', '.proj_attn.'],
];

function oldVaeName(name: string): string {
  return oldAttentionParts.reduce((old, [now, before]) => old.replace(now, before), name);
}

/** The names of a file that can only be this network's: all of a file of its own. */
function ownedNames(network: Network, file: Checkpoint, layout: Layout): readonly string[] {
  const names = [...file.entries.keys()];
  if (layout === 'diffusers' || !isOfOriginal(network)) return names;
  const prefix = ldmPrefixes[network.className];
  return names.filter((name) => name.startsWith(prefix));
}

/** Tables that old files hold, which no network needs, and what a VAE was trained with. */
function isIgnored({ className }: Network, name: string): boolean {
  if (className === 'AutoencoderKL') return name.startsWith(`${ldmPrefixes.AutoencoderKL}loss.`);
  return className === 'CLIPTextModel' && clipTextIgnoredKeys.some((key) => name.endsWith(key));
}
