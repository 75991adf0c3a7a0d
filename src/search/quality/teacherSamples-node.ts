import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { tensor, toFloat32, toFloat64, type Shape, type Tensor } from '../../tensor/index.js';
import type { Checkpoint } from '../../weights/index.js';
import { readSafetensorsFile, writeSafetensorsFile } from '../../weights/safetensors-node.js';
import { makeFolder } from '../../weights/makeFolder-node.js';
import type { Matrix } from '../algorithms/gaussianFit.js';

/** What students are compared with: samples of the teacher and their features. */
export interface TeacherSamples {
  /** `[samples, C, h, w]`. */
  readonly latents: Float32Array;
  readonly features: Matrix;
  /** Of as many samples of further seeds: how far the teacher is from itself. */
  readonly otherFeatures: Matrix;
}

/**
 * The samples that lie under an identity in a folder; else those that `compute` gives, which are kept there. A
 * file that cannot be read is made anew.
 */
export async function cachedTeacherSamples(
  folder: string | undefined,
  identity: string,
  latent: Shape,
  compute: () => Promise<TeacherSamples>,
): Promise<TeacherSamples> {
  if (folder === undefined) return compute();
  const path = join(folder, `teacher-${identity.slice(0, 16)}.safetensors`);
  const found = await readSafetensorsFile(path).catch(() => undefined);
  const known = found?.metadata.identity === identity && fromTensors(found.tensors);
  if (known) return known;
  const samples = await compute();
  await makeFolder(folder);
  await writeSafetensorsFile(path, toTensors(samples, latent), { identity });
  return samples;
}

function toTensors(samples: TeacherSamples, latent: Shape): Map<string, Tensor> {
  const { latents, features, otherFeatures } = samples;
  const matrix = ({ rows, columns, data }: Matrix): Tensor =>
    tensor('float64', [rows, columns], data);
  return new Map<string, Tensor>([
    ['latents', tensor('float32', [features.rows, ...latent], latents)],
    ['features', matrix(features)],
    ['other_features', matrix(otherFeatures)],
  ]);
}

function fromTensors(tensors: ReadonlyMap<string, Tensor>): TeacherSamples | undefined {
  const latents = tensors.get('latents');
  const features = tensors.get('features');
  const other = tensors.get('other_features');
  if (!latents || !features || !other) return undefined;
  const matrix = (its: Tensor): Matrix => {
    const [rows, columns] = its.shape;
    return { rows, columns, data: toFloat64(its) };
  };
  return {
    latents: toFloat32(latents),
    features: matrix(features),
    otherFeatures: matrix(other),
  };
}

/** A digest of settings and of weights, all of which are read. */
export async function identityOf(
  settings: unknown,
  checkpoints: readonly Checkpoint[],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const checkpoint of checkpoints) {
    for (const [name, { dtype, shape }] of checkpoint.entries) {
      const { data } = await checkpoint.read(name);
      hash.update(JSON.stringify([name, dtype, shape]));
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex');
}
