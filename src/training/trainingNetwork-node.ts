import type { Graph } from '../graph/index.js';
import { restorer, restorerConfig } from '../models/index.js';
import { castWeights, checkFinite, matchWeights, WeightsError } from '../weights/index.js';
import { readSafetensorsFile } from '../weights/safetensors-node.js';
import { Random, type Weights } from '../tensor/index.js';
import { shardCount, type TrainingConfig } from './config.js';
import { initializeRestorer } from './initialize.js';
import type { TrainingPlan } from './loop.js';
import { trainingGraph } from './objective.js';
import type { OptimizerConfig } from './optimizers.js';

/** The network of a config on one share of a batch. */
export function shardNetwork(config: TrainingConfig): Graph {
  const { sample_size: side } = config.data;
  const batch = config.batch_size / shardCount(config);
  return restorer(restorerConfig(config.model), { batch, height: side, width: side });
}

/** What computes a share: see `trainingGraph`. */
export function shardObjective(config: TrainingConfig, network: Graph): Graph {
  const losses = config.loss.map((loss) => ({ loss, weight: loss.weight }));
  return trainingGraph(network, 'out_sample', losses);
}

/**
 * The weights that a run starts from, float32.
 * @throws WeightsError when those that the config names do not fit the network.
 */
export async function initialWeights(config: TrainingConfig, network: Graph): Promise<Weights> {
  const path = config.initial_weights;
  if (path === undefined) return initializeRestorer(network, Random.seeded(config.seed));
  const { tensors } = await readSafetensorsFile(path);
  try {
    matchWeights(network.params, tensors);
    checkFinite(tensors);
  } catch (error) {
    throw new WeightsError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  return castWeights(tensors, 'float32');
}

export function optimizerConfig({ optimizer }: TrainingConfig): OptimizerConfig {
  return optimizer.kind === 'adamw'
    ? { ...optimizer, weightDecay: optimizer.weight_decay }
    : optimizer;
}

export function trainingPlan(config: TrainingConfig): TrainingPlan {
  return {
    totalSteps: config.steps,
    learningRate: config.learning_rate,
    schedule: {
      kind: config.lr_scheduler,
      warmupSteps: config.lr_warmup_steps,
      finalFactor: config.lr_final_factor,
    },
    clipNorm: config.max_grad_norm ?? null,
    emaDecay: config.ema_decay,
    shards: shardCount(config),
  };
}
