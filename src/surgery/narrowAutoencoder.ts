import { networkParams, type AutoencoderKLConfig } from '../models/index.js';
import type { TensorSource } from '../weights/index.js';
import { autoencoderAxes } from './autoencoderAxes.js';
import { firstChannels, type ChannelChoice } from './channels.js';
import { importantChannels } from './importantChannels.js';
import { inheritedSource, planInheritance, type Inheritance } from './inheritance.js';
import { narrowedWidths } from './narrowedWidths.js';

/** An `AutoencoderKL` and its weights, under the names of its params. */
export interface AutoencoderWithWeights {
  readonly config: AutoencoderKLConfig;
  readonly weights: TensorSource;
}

/**
 * The config with `width` of each level's channels, rounded up to whole groups; latents stay as they are.
 * `inheritAutoencoder` gives the weights.
 * @throws ConfigError as `narrowUnet`.
 */
export function narrowAutoencoder(config: AutoencoderKLConfig, width: number): AutoencoderKLConfig {
  const { normNumGroups: unit } = config;
  const levels = config.blockOutChannels.map((channels) => ({ channels, unit }));
  return { ...config, blockOutChannels: narrowedWidths(levels, width) };
}

/** The weights of a narrower autoencoder: of each of the wider one's, the channels that are chosen. */
export function inheritAutoencoder(
  teacher: AutoencoderWithWeights,
  student: AutoencoderKLConfig,
  choice: ChannelChoice = firstChannels,
): TensorSource {
  return inheritedSource(autoencoderInheritance(teacher, student), teacher.weights, choice);
}

/** The channels of an autoencoder that matter most to a narrower one: see `importantChannels`. */
export function importantAutoencoderChannels(
  teacher: AutoencoderWithWeights,
  student: AutoencoderKLConfig,
): Promise<ChannelChoice> {
  return importantChannels(autoencoderInheritance(teacher, student), teacher.weights);
}

function autoencoderInheritance(
  teacher: AutoencoderWithWeights,
  student: AutoencoderKLConfig,
): Inheritance {
  return planInheritance(
    { entries: teacher.weights.entries, axesOf: (key) => autoencoderAxes(teacher.config, key) },
    {
      params: networkParams({ className: 'AutoencoderKL', config: student }),
      axesOf: (name) => autoencoderAxes(student, name),
    },
    (name) => name,
  );
}
