import {
  castPipeline,
  kindEmbeddingName,
  parseNetwork,
  promptEmbeddingsFile,
  type ConfigFile,
  type Network,
  type PipelineToWrite,
  type Precision,
  type ComponentToWrite,
  type NetworkOf,
} from '../../models/index.js';
import { openAutoencoder } from '../../models/openAutoencoder-node.js';
import { openCheckpoint, type OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import { tokenizerWriter, writeCheckpoint } from '../../models/writeCheckpoint-node.js';
import type { Weights } from '../../tensor/index.js';
import { sourceOf } from '../../weights/index.js';
import type { PromptTable } from '../prompts/promptTable.js';
import { trainedSchedulerFile, type UnetTraining } from '../objectives/unet/config.js';

/**
 * Joins a trained U-Net and the autoencoder that its latents are of into a checkpoint in the layout of diffusers,
 * with learned prompts in `prompt_embeddings/`, or the text encoder that its prompts were encoded with.
 * @throws WeightsError when the folder holds anything but a checkpoint, or the system refuses.
 */
export async function exportPipeline(
  folder: string,
  config: UnetTraining,
  prompts: PromptTable,
  weights: Weights,
  precision: Precision,
): Promise<void> {
  await using vae = await openAutoencoder(config.vae);
  const own = new Map([...weights].filter(([name]) => name !== kindEmbeddingName));
  const pipeline = {
    unet: component(
      parseNetwork(config.model, ['UNet2DConditionModel'], 'model'),
      { ...config.model },
      own,
    ),
    vae,
    promptEmbeddings: learnedPrompts(config, prompts, weights),
    schedulerFile: trainedSchedulerFile(config),
  };
  const write = (whole: PipelineToWrite, text: OpenCheckpoint | null): Promise<void> =>
    writeCheckpoint(
      folder,
      castPipeline(whole, precision),
      tokenizerWriter(text?.tokenizerFolder ?? null),
      { overwrite: true },
    );
  if (prompts.spec.from === 'kinds' || config.checkpoint === undefined) {
    return await write({ ...pipeline, textEncoder: null }, null);
  }
  await using text = await openCheckpoint(config.checkpoint);
  return await write({ ...pipeline, textEncoder: text.textEncoder }, text);
}

function learnedPrompts(
  { model }: UnetTraining,
  { names, spec }: PromptTable,
  weights: Weights,
): ComponentToWrite<NetworkOf<'PromptEmbeddings'>> | null {
  const embedding = weights.get(kindEmbeddingName);
  if (spec.from !== 'kinds' || !embedding) return null;
  const file = promptEmbeddingsFile({
    names,
    tokens: spec.tokens,
    crossAttentionDim: model.cross_attention_dim,
  });
  const network = parseNetwork(file, ['PromptEmbeddings'], 'prompt_embeddings');
  return component(network, file, new Map([[kindEmbeddingName, embedding]]));
}

function component<N extends Network>(
  network: N,
  file: ConfigFile,
  weights: Weights,
): ComponentToWrite<N> {
  return { network, file, weights: sourceOf(weights) };
}
