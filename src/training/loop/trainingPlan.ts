import type { TrainingConfig } from '../objectives/config.js';
import type { TrainingPlan } from './loop.js';
import type { OptimizerConfig } from '../optimizers/optimizers.js';
import { shardCount } from './trainingSettings.js';

export function optimizerConfig({ optimizer }: TrainingConfig): OptimizerConfig {
  return optimizer.kind === 'adamw'
    ? { ...optimizer, weightDecay: optimizer.weight_decay }
    : optimizer;
}

/** How the loop updates, by a config. */
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
