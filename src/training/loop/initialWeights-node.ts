import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { weightsFileName } from '../../models/modelFolder-node.js';
import { castWeights, checkFinite, matchWeights, WeightsError } from '../../weights/index.js';
import { readSafetensorsFile } from '../../weights/safetensors-node.js';
import { Random, type Weights } from '../../tensor/index.js';
import type { TrainingConfig } from '../objectives/config.js';
import type { Objective } from '../objectives/objective.js';

/**
 * The weights that a run starts from, float32: those of a safetensors file or of a model folder, or random
 * ones.
 * @throws WeightsError when those that the config names do not fit the network.
 */
export async function initialWeights(
  { initial_weights, seed }: TrainingConfig,
  objective: Objective,
): Promise<Weights> {
  if (initial_weights === undefined) return objective.initialize(Random.seeded(seed));
  const path = await weightsFile(initial_weights);
  const file = await readSafetensorsFile(path);
  const tensors =
    (await objective.completeWeights?.(initial_weights, file.tensors)) ?? file.tensors;
  try {
    matchWeights(objective.graph.params, tensors);
    checkFinite(tensors);
  } catch (error) {
    throw new WeightsError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  return castWeights(tensors, 'float32');
}

async function weightsFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return isFolder ? join(path, weightsFileName) : path;
}
