import { stagedUnetParams, type StagedUnetConfig } from '../models/index.js';
import type { TensorSource } from '../weights/index.js';
import { firstChannels, type ChannelChoice } from './channels.js';
import { inheritedLayers } from './cutUnet.js';
import { importantChannels } from './importantChannels.js';
import { inheritedSource, planInheritance, type Inheritance } from './inheritance.js';
import { unetAxes } from './unetAxes.js';

/** A U-Net and its weights, under the names of its params. */
export interface UnetWithWeights {
  readonly config: StagedUnetConfig;
  readonly weights: TensorSource;
}

/**
 * The weights of a student that was cut from (and possibly made narrower than) a teacher: each has its
 * teacher's weight in the same place, of the layer that `inheritedLayers` says, and of that the channels that
 * are chosen (`unetAxes` says which belong together). Read one at a time, from the teacher's.
 * @throws ConfigError listing the weights for which the teacher has none.
 */
export function inheritUnet(
  teacher: UnetWithWeights,
  student: StagedUnetConfig,
  choice: ChannelChoice = firstChannels,
): TensorSource {
  return inheritedSource(unetInheritance(teacher, student), teacher.weights, choice);
}

/**
 * The channels of a teacher's U-Net that matter most to a narrower student: see `importantChannels`. Reads
 * each of the weights that the student inherits.
 */
export function importantUnetChannels(
  teacher: UnetWithWeights,
  student: StagedUnetConfig,
): Promise<ChannelChoice> {
  return importantChannels(unetInheritance(teacher, student), teacher.weights);
}

function unetInheritance(teacher: UnetWithWeights, student: StagedUnetConfig): Inheritance {
  return planInheritance(
    { entries: teacher.weights.entries, axesOf: (key) => unetAxes(teacher.config, key) },
    { params: stagedUnetParams(student), axesOf: (name) => unetAxes(student, name) },
    (name) => inheritedKey(teacher.config, student, name),
  );
}

/** The teacher's weight that a student's inherits. */
export function inheritedKey(
  teacher: StagedUnetConfig,
  student: StagedUnetConfig,
  name: string,
): string {
  const path = name.split('.');
  const [direction, block, kind, layer] = path;
  if (direction !== 'down_blocks' && direction !== 'up_blocks') return name;
  const index = Number(block);
  const dropped = teacher.levels.length - student.levels.length;
  const down = direction === 'down_blocks';
  const level = down ? index : student.levels.length - 1 - index;
  const [own, its] = [student.levels[level], teacher.levels[level]];
  const layers = down ? [own.down, its.down] : [own.up, its.up];
  const inherited = inheritedLayers(layers[0].length, layers[1].length);
  const of = kind === 'resnets' || kind === 'attentions' ? inherited[Number(layer)] : layer;
  return [direction, down ? index : index + dropped, kind, of, ...path.slice(4)].join('.');
}
