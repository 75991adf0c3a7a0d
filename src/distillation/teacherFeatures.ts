import { continueGraph, type Graph, type Value } from '../graph/index.js';
import {
  unet2DCondition,
  type StagedUnetConfig,
  type Unet2DConditionConfig,
  type Unet2DConditionSize,
} from '../models/index.js';
import type { StageName } from '../surgery/index.js';
import { stagePlace } from './surrogate.js';

/** The prompt is not computed by the U-Net, but a stage reads it like a feature. */
export const promptFeature = 'encoder_hidden_states';

/** Names of the teacher's features by the names of a stage graph's inputs and outputs. */
export interface StageFeatures {
  readonly inputs: Readonly<Record<string, string>>;
  readonly targets: Readonly<Record<string, string>>;
}

/**
 * What a stage of the student is given and what it is to give, as features of the teacher (taps of its
 * U-Net). A stage reads what the teacher's stage reads, except that in a student without the coarsest level
 * D3 reads what E3's layers gave: D3 stands for the downsampler, E4, the mid block, D4 and D3.
 */
export function stageFeatures(teacher: StagedUnetConfig, stage: StageName): StageFeatures {
  const { direction, level } = stagePlace(stage);
  const coarsest = teacher.levels.length - 1;
  const entering = level === 0 ? 'conv_in' : `down_blocks.${level - 1}.hidden`;
  const { down, skipSlots } = teacher.levels[level];
  const slots = Array.from({ length: skipSlots - 1 }, (_, slot) => [
    `skip.${slot}`,
    `down_blocks.${level}.res.${Math.max(down.length - 1 - slot, 0)}`,
  ]);
  const own: Record<string, string> = Object.fromEntries(slots) as Record<string, string>;
  const isLastKept = level === coarsest - 1;
  const conditioning = { temb: 'time_embedding', [promptFeature]: promptFeature };
  if (direction === 'down') {
    // The last stage that is kept has no downsampler: what flows on is its first slot.
    const targets = isLastKept ? own : { hidden: `down_blocks.${level}.hidden`, ...own };
    return { inputs: { hidden: entering, ...conditioning }, targets };
  }
  const flowing = isLastKept ? own['skip.0'] : `up_blocks.${coarsest - level - 1}`;
  return {
    inputs: {
      ...{ hidden: flowing, ...own, [`skip.${skipSlots - 1}`]: entering },
      ...conditioning,
    },
    targets: { hidden: `up_blocks.${coarsest - level}` },
  };
}

/** Every feature of the stages, each once; the prompt, which is fed to the teacher, is left out. */
export function featureNames(
  teacher: StagedUnetConfig,
  stages: readonly StageName[],
): readonly string[] {
  const names = stages.flatMap((stage) => {
    const { inputs, targets } = stageFeatures(teacher, stage);
    return [...Object.values(inputs), ...Object.values(targets)];
  });
  return [...new Set(names)].filter((name) => name !== promptFeature);
}

/**
 * The teacher's U-Net up to the last of some features: inputs of `unet2DCondition`, outputs the features
 * under the names of their taps. One pass serves every stage that reads them.
 */
export function teacherFeatureGraph(
  config: Unet2DConditionConfig,
  size: Unet2DConditionSize,
  features: readonly string[],
): Graph {
  const whole = unet2DCondition(config, size);
  const { builder, valueOf } = continueGraph({ ...whole, taps: [] });
  const outputs: Record<string, Value> = {};
  for (const name of features) {
    const tap = whole.taps.find((known) => known.name === name);
    if (!tap) throw new Error(`expected a tap of the teacher, got ${name}`);
    outputs[name] = valueOf(tap.value);
  }
  const graph = builder.build(outputs);
  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs.map(({ id }) => id)));
  return { ...graph, params: graph.params.filter(({ id }) => used.has(id)) };
}
