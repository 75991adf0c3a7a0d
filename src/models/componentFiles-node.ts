import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ModelError } from './modelFiles-node.js';

const torchEndings: ReadonlySet<string> = new Set(['.bin', '.ckpt', '.pt', '.pth', '.pkl']);

/** Whether a file is one of torch's by its name. */
export function isTorchFile(path: string): boolean {
  return torchEndings.has(extname(path).toLowerCase());
}

/**
 * The file with the weights of a component, or the index of its shards. A variant is a further set of the same
 * weights, such as `fp16`; unless one is asked for, the set without a name is preferred, then `fp16`.
 * @param stem what the files' names begin with, such as `diffusion_pytorch_model`.
 * @throws ModelError saying what there is instead.
 */
export async function findWeightsFile(
  folder: string,
  stem: string,
  variant?: string,
): Promise<string> {
  const names = await readdir(folder).catch((): string[] => []);
  const wanted =
    variant === undefined ? [...namesOf(stem), ...namesOf(stem, 'fp16')] : namesOf(stem, variant);
  const found = wanted.find((name) => names.includes(name));
  if (found !== undefined) return join(folder, found);
  const others = names.filter((name) => name.endsWith('.safetensors'));
  const torchName = torchNames(stem, variant).find((name) => names.includes(name));
  if (others.length === 0 && torchName !== undefined) return join(folder, torchName);
  const got = others.length > 0 ? others.join(', ') : 'none';
  throw new ModelError(`${folder}: expected ${wanted[0]} or its index, got ${got}`);
}

/** Whether a folder holds weights, of whatever kind. */
export async function holdsWeights(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.some((name) => /\.safetensors(\.|$)/.test(name) || isTorchFile(name));
}

/** What diffusers and transformers call weights that torch has saved. */
function torchNames(stem: string, variant: string | undefined): readonly string[] {
  const stems = [stem, `pytorch_${stem}`];
  const endings = variant === undefined ? ['.bin', '.fp16.bin'] : [`.${variant}.bin`];
  return stems.flatMap((name) => endings.map((ending) => name + ending));
}

/** The names that diffusers has given to a set of weights: whole, and the index of shards. */
function namesOf(stem: string, variant?: string): readonly string[] {
  if (variant === undefined) return [`${stem}.safetensors`, `${stem}.safetensors.index.json`];
  return [
    `${stem}.${variant}.safetensors`,
    `${stem}.safetensors.index.${variant}.json`,
    `${stem}.${variant}.safetensors.index.json`,
  ];
}
