import { join } from 'node:path';
import { writeByteTokenizer, writeClipTokenizer } from './clipTokenizer-node.js';
import { initialWeights } from './initialWeights.js';
import type { Network } from './network.js';
import { parsePipeline, type ComponentConfig } from './pipeline.js';
import type { ComponentToWrite, Precision } from './pipelineToWrite.js';
import type { PipelineFiles } from './presets.js';
import { writeCheckpoint, type WriteCheckpointOptions } from './writeCheckpoint-node.js';

export interface InitCheckpointOptions extends WriteCheckpointOptions {
  readonly seed: number;
  /** How weights are stored; `float32` unless given. */
  readonly precision?: Precision;
}

/** Below this a vocabulary is that of the bytes alone. */
const smallestClipVocabulary = 49408;

/**
 * Writes a checkpoint of random weights, such as one of `presets`, which decides nothing but by its seed. Weights
 * are made as they are written, so memory does not grow with them.
 * @throws ConfigError for configs that do not fit; WeightsError as `writeCheckpoint`.
 */
export async function initCheckpoint(
  folder: string,
  files: PipelineFiles,
  { seed, precision = 'float32', ...options }: InitCheckpointOptions,
): Promise<void> {
  const configs = parsePipeline(files, (component) => join(component, 'config.json'));
  const withWeights = <N extends Network>(
    component: ComponentConfig<N>,
  ): ComponentToWrite<N> => ({
    ...component,
    weights: initialWeights(component.network, seed, precision),
  });
  const { unet, vae, textEncoder, promptEmbeddings, schedulerFile } = configs;
  const text = textEncoder && {
    ...textEncoder,
    file: { ...textEncoder.file, torch_dtype: precision },
  };
  const vocabulary = textEncoder?.network.config.vocabSize ?? 0;
  const writeTokenizer =
    vocabulary < smallestClipVocabulary ? writeByteTokenizer : writeClipTokenizer;
  await writeCheckpoint(
    folder,
    {
      unet: withWeights(unet),
      vae: withWeights(vae),
      textEncoder: text && withWeights(text),
      promptEmbeddings: promptEmbeddings && withWeights(promptEmbeddings),
      schedulerFile,
    },
    textEncoder ? writeTokenizer : null,
    options,
  );
}
