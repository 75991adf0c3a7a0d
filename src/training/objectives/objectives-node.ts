import { openAlignmentObjective } from './alignment/objective-node.js';
import { openAutoencoderDistillation } from './tinyVae/objective-node.js';
import { openAutoencoderObjective } from './autoencoder/objective-node.js';
import { openFamilyRestorerObjective } from './familyRestorer/objective-node.js';
import { trains, type TrainingConfig } from './config.js';
import type { Objective } from './objective.js';
import { openRestorerObjective } from './restorer/objective-node.js';
import { openUnetObjective } from './unet/objective-node.js';

/**
 * What a config trains.
 * @throws ConfigError when the data or validation sets that it names cannot be used, ModelError or WeightsError for a teacher.
 */
export function openObjective(config: TrainingConfig): Promise<Objective> {
  if (trains(config, 'OneStepRestorer')) return openRestorerObjective(config);
  if (trains(config, 'NanoSDRestorer')) return openFamilyRestorerObjective(config);
  if (trains(config, 'NanoSDAutoencoder')) return openAutoencoderDistillation(config);
  if (trains(config, 'UNet2DConditionModel')) return openUnetObjective(config);
  if (trains(config, 'NanoSDUNet2DConditionModel')) return openAlignmentObjective(config);
  return openAutoencoderObjective(config);
}
