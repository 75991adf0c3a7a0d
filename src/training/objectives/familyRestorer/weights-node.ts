import type { Graph } from '../../../graph/index.js';
import type { Degradation } from '../../../image/index.js';
import {
  nanosdRestorerConfig,
  restorerNormStatistics,
  type NanosdRestorerConfig,
} from '../../../models/index.js';
import { createWorkerExecutor } from '../../../runtime/worker-node.js';
import { foldNorms, normStatistics, type NormStatistics } from '../../../surgery/index.js';
import {
  sameShape,
  toFloat32,
  type Random,
  type Tensor,
  type Weights,
} from '../../../tensor/index.js';
import { openPhotoBatches, type PhotoBatchOptions } from '../../data/photoBatches-node.js';
import type { PhotoFile } from '../../data/photoFile.js';
import { initializeWeights } from '../initialize.js';
import type { FamilyRestorerTraining } from './config.js';
import type { Family } from './family-node.js';

/**
 * The first weights of a restorer: the member's where it has them and their shapes fit, random elsewhere; routes and the
 * last convolution zero, so that the first result is the enlarged input. Group norms are folded with what they see
 * of `norm_samples` crops.
 */
export async function firstWeights(
  config: FamilyRestorerTraining,
  family: Family,
  random: Random,
  photos: readonly PhotoFile[],
): Promise<Weights> {
  const restorer = nanosdRestorerConfig(family.file);
  const side = config.data.sample_size;
  const graph = restorerNormStatistics(restorer, { batch: 1, height: side, width: side });
  const weights = startingWeights(graph, family.weights, random);
  const crops = await openPhotoBatches(cropOptions(config, photos), () => undefined).read(
    0,
    config.norm_samples,
  );
  return foldNorms(weights, await measureNorms(restorer, graph, weights, crops.sample));
}

function startingWeights(graph: Graph, family: Weights, random: Random): Map<string, Tensor> {
  const weights: Map<string, Tensor> = initializeWeights(graph, random, startingGain);
  for (const { name, shape } of graph.params) {
    const given = family.get(name);
    if (given && sameShape(given.shape, shape) && startingGain(name) > 0) weights.set(name, given);
  }
  return weights;
}

/** Zero: routes and the network's last convolution, whatever the member has there. Residual branches start small. */
function startingGain(name: string): number {
  if (/^routes\.|^decoder\.conv_out\./.test(name)) return 0;
  if (/(conv2|proj_out)\.weight$/.test(name)) return 0.1;
  return /^(encoder|decoder)\..*conv1\.weight$/.test(name) ? Math.SQRT2 : 1;
}

function cropOptions(
  { data, model, seed }: FamilyRestorerTraining,
  photos: readonly PhotoFile[],
): PhotoBatchOptions {
  const degradation: Degradation = data.degradation;
  const cacheBytes = data.cache_megabytes * 1e6;
  return {
    photos,
    sampleSize: data.sample_size,
    scale: model.scale,
    degradation,
    seed,
    cacheBytes,
  };
}

/** Statistics over all crops of the batch together. */
async function measureNorms(
  { unet }: NanosdRestorerConfig,
  graph: Graph,
  weights: Weights,
  { shape, data }: Tensor<'float32'>,
): Promise<ReadonlyMap<string, NormStatistics>> {
  await using executor = createWorkerExecutor();
  await using session = await executor.load(graph, weights);
  const [count, ...crop] = shape;
  const length = data.length / count;
  const sums = new Map<string, Float64Array>();
  for (let i = 0; i < count; i++) {
    const sample = { dtype: 'float32', shape: [1, ...crop], data: data.slice(i * length, (i + 1) * length) } as const; // prettier-ignore
    for (const [name, seen] of Object.entries(await session.run({ sample }))) {
      if (name === 'out_sample') continue;
      const sum = sums.get(name) ?? new Float64Array(unet.normNumGroups);
      toFloat32(seen).forEach((value, group) => (sum[group] += value / count));
      sums.set(name, sum);
    }
  }
  return normStatistics(sums, unet.normEps);
}
