import type { Graph } from '../../graph/index.js';
import {
  clipText,
  ConfigError,
  decoderOf,
  encoderOf,
  nanosdUnet,
  pixelsPerLatent,
  unetEntryGraph,
  unetExitGraph,
  unetStageGraph,
  type PipelineConfigs,
  type StagedUnetConfig,
  type Unet2DConditionSize,
  type UnetStage,
} from '../../models/index.js';
import {
  cutUnet,
  formatStages,
  stageNames,
  stageOptions,
  type StageName,
  type Stages,
} from '../../surgery/index.js';
import type { Random } from '../../tensor/index.js';
import { ONLY_OPTION, type LatencyPart } from './latencyTable.js';

/** A part of a network whose time a table holds. */
export interface PartToMeasure {
  readonly stage: LatencyPart;
  readonly option: string;
  readonly graph: Graph;
}

/** Where each stage lies in a U-Net whose coarsest level was dropped. */
const places: Readonly<Record<StageName, UnetStage>> = {
  E1: { direction: 'down', level: 0 },
  E2: { direction: 'down', level: 1 },
  E3: { direction: 'down', level: 2 },
  D3: { direction: 'up', level: 2 },
  D2: { direction: 'up', level: 1 },
  D1: { direction: 'up', level: 0 },
};

const smallest: Stages = { E1: 'R', E2: 'R', E3: 'R', D3: 'R', D2: 'R', D1: 'R' };

/** Every option of a stage, as a network of its own; what the other stages are does not matter to it. */
export function stageParts(
  teacher: StagedUnetConfig,
  stage: StageName,
  size: Unet2DConditionSize,
): PartToMeasure[] {
  return stageOptions[stage].map((option) => {
    const student = cutUnet(teacher, { ...smallest, [stage]: option }, 'dropped');
    const graph = unetStageGraph(student, places[stage], size);
    return { stage, option, graph: withOutputsApart(graph) };
  });
}

/** In a runtime's models, inputs and outputs share their names. */
function withOutputsApart(graph: Graph): Graph {
  const outputs = Object.entries(graph.outputs).map(([name, value]) => [`out_${name}`, value]);
  return { ...graph, outputs: Object.fromEntries(outputs) as Graph['outputs'] };
}

/** What a U-Net has besides its stages. */
export function endParts(teacher: StagedUnetConfig, size: Unet2DConditionSize): PartToMeasure[] {
  return [
    { stage: 'conv_in+time', option: ONLY_OPTION, graph: unetEntryGraph(teacher, size) },
    { stage: 'out', option: ONLY_OPTION, graph: unetExitGraph(teacher, size) },
  ];
}

/** The whole network of a choice of stages. */
export function assembledGraph(
  teacher: StagedUnetConfig,
  stages: Stages,
  size: Unet2DConditionSize,
): Graph {
  return nanosdUnet(cutUnet(teacher, stages, 'dropped'), size);
}

/**
 * Different networks of the design space, each stage's option drawn evenly.
 * @throws RangeError for more than half of the space.
 */
export function drawNetworks(count: number, random: Random): Stages[] {
  if (count > 16_384) throw new RangeError(`expected at most 16384 networks, got ${count}`);
  const drawn = new Map<string, Stages>();
  while (drawn.size < count) {
    const [E1, E2, E3, D3, D2, D1] = stageNames.map((name) => {
      const options = stageOptions[name];
      return options[random.integer(options.length)];
    });
    const stages = { E1, E2, E3, D3, D2, D1 };
    drawn.set(formatStages(stages), stages);
  }
  return [...drawn.values()];
}

/** The autoencoder and the text encoder (where there is one) of a checkpoint. */
export function otherParts(configs: PipelineConfigs, size: Unet2DConditionSize): PartToMeasure[] {
  const { network: vae } = configs.vae;
  const { batch, height, width } = size;
  const factor = pixelsPerLatent(vae);
  const pixels = { batch, height: height * factor, width: width * factor };
  const decoder = decoderOf(vae, { batch, height, width });
  const text = configs.textEncoder?.network.config;
  return [
    ...(text
      ? [{ stage: 'text_encoder', option: ONLY_OPTION, graph: clipText(text, { batch }) } as const]
      : []),
    { stage: 'vae_encoder', option: ONLY_OPTION, graph: encoderOf(vae, pixels) },
    { stage: 'vae_decoder', option: ONLY_OPTION, graph: decoder },
  ];
}

/**
 * Reads which stages to measure: `all`, or names such as `E1,D1`.
 * @throws ConfigError naming what is none.
 */
export function parseStageNames(text: string): readonly StageName[] {
  if (text === 'all') return stageNames;
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const unknown = words.filter((word) => !stageNames.some((name) => name === word));
  if (unknown.length > 0 || words.length === 0) {
    const got = unknown.join(', ') || 'nothing';
    throw new ConfigError(`expected all, or stages of ${stageNames.join(', ')}, got ${got}`);
  }
  return stageNames.filter((name) => words.includes(name));
}
