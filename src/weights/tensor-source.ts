import type { DType, Shape, Tensor, Weights } from '../tensor/index.js';
import { castWeights, type WeightDType } from './cast.js';
import { abbreviate, quoteName, WeightsError } from './errors.js';
import { describeNonFinite, nonFiniteError } from './matching.js';

/** A tensor's type, without its elements. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Tensors that can be had one at a time: a checkpoint's, or what is computed when it is asked for. */
export interface TensorSource {
  readonly entries: ReadonlyMap<string, TensorType>;
  /** Rejects with a WeightsError for a name that is not in `entries`. */
  read(name: string): Promise<Tensor>;
}

const floats: ReadonlySet<DType> = new Set<DType>(['float64', 'float32', 'float16', 'bfloat16']);

/** Weights in memory as a source. */
export function sourceOf(weights: Weights): TensorSource {
  return {
    entries: weights,
    read: (name) => {
      const found = weights.get(name);
      return found ? Promise.resolve(found) : Promise.reject(noSuchTensor(name, weights.size));
    },
  };
}

/** The floating-point tensors as `dtype`; reading one whose values are beyond its range throws a WeightsError. */
export function castSource(source: TensorSource, dtype: WeightDType): TensorSource {
  const names = [...source.entries.keys()];
  return castSourceTo(source, new Map(names.map((name) => [name, dtype])));
}

/** Like `castSource`, each tensor as the dtype under its name; those without one stay as they are. */
export function castSourceTo(
  source: TensorSource,
  dtypes: ReadonlyMap<string, WeightDType>,
): TensorSource {
  const entries = [...source.entries].map(([name, type]): [string, TensorType] => {
    const dtype = floats.has(type.dtype) ? (dtypes.get(name) ?? type.dtype) : type.dtype;
    return [name, { dtype, shape: type.shape }];
  });
  return {
    entries: new Map(entries),
    read: async (name) => {
      const weight = await source.read(name);
      const dtype = dtypes.get(name);
      if (dtype === undefined) return weight;
      return castWeights(new Map([[name, weight]]), dtype).get(name) ?? weight;
    },
  };
}

/**
 * Several sources as one.
 * @throws WeightsError naming tensors that are in two of them.
 */
export function joinSources(sources: readonly TensorSource[]): TensorSource {
  const owners = new Map<string, TensorSource>();
  const entries = new Map<string, TensorType>();
  const twice: string[] = [];
  for (const source of sources) {
    for (const [name, type] of source.entries) {
      if (owners.has(name)) twice.push(quoteName(name));
      owners.set(name, source);
      entries.set(name, type);
    }
  }
  if (twice.length > 0) {
    throw new WeightsError(`expected each tensor once, got twice ${abbreviate(twice).join(', ')}`);
  }
  return {
    entries,
    read: (name) =>
      owners.get(name)?.read(name) ?? Promise.reject(noSuchTensor(name, entries.size)),
  };
}

/**
 * Reads all tensors, one at a time, to find any with NaN or infinite elements.
 * @param label what the message puts before a name, such as `unet.`.
 * @throws WeightsError naming the tensors, the first 20 of them.
 */
export async function checkFiniteSource(
  source: TensorSource,
  label = '',
  onTensor: (name: string) => void = () => undefined,
): Promise<void> {
  const problems: string[] = [];
  for (const name of source.entries.keys()) {
    const weight = await source.read(name);
    problems.push(...describeNonFinite(label + name, weight));
    onTensor(name);
  }
  if (problems.length > 0) throw nonFiniteError(problems);
}

function noSuchTensor(name: string, count: number): WeightsError {
  return new WeightsError(`no tensor ${quoteName(name)} among ${count}`);
}
