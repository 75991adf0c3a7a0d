import { continueGraph, type Graph, type GraphBuilder, type Value } from '../../../graph/index.js';
import {
  nanosdUnet,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from '../../../models/index.js';
import { lossValue } from '../../losses/losses.js';

/** A stage's output that two U-Nets both have: the names of its tap in each. */
export interface SharedFeature {
  /** `E1`, ..., `D1`: by the level, from fine to coarse. */
  readonly name: string;
  readonly teacher: string;
  readonly student: string;
}

/**
 * The outputs of the stages that a student shares with its teacher: of each level on the way down what its last
 * layer gives, before the resolution is halved, and of each on the way up what flows on. Levels that were narrowed
 * have another number of channels and are left out.
 */
export function sharedFeatures(
  teacher: StagedUnetConfig,
  student: StagedUnetConfig,
): SharedFeature[] {
  const same = student.levels.flatMap((level, i) => {
    const { [i]: own } = teacher.levels as readonly (typeof level | undefined)[];
    return own?.channels === level.channels ? [i] : [];
  });
  const down = same.map((level) => ({
    name: `E${level + 1}`,
    teacher: lastLayer(teacher, level),
    student: lastLayer(student, level),
  }));
  const up = same.map((level) => ({
    name: `D${level + 1}`,
    teacher: upBlock(teacher, level),
    student: upBlock(student, level),
  }));
  return [...down, ...up.reverse()];
}

function lastLayer({ levels }: StagedUnetConfig, level: number): string {
  return `down_blocks.${level}.res.${levels[level].down.length - 1}`;
}

function upBlock({ levels }: StagedUnetConfig, level: number): string {
  return `up_blocks.${levels.length - 1 - level}`;
}

/**
 * What a student learns from: a U-Net's inputs `sample`, `timestep` and `encoder_hidden_states`; outputs `target`,
 * its prediction, and `feature.NAME` for each of `features`.
 */
export function teacherPredictionGraph(
  teacher: StagedUnetConfig,
  size: Unet2DConditionSize,
  features: readonly SharedFeature[],
): Graph {
  const network = nanosdUnet(teacher, size);
  const outputs: Record<string, Value> = { target: network.outputs.out_sample };
  for (const feature of features) {
    outputs[featureInput(feature)] = tapped(network, feature.teacher);
  }
  return { ...network, outputs, taps: [] };
}

/**
 * What a student is aligned by (NanoSD, arXiv 2601.09823): the mean squared difference between its prediction and
 * the teacher's, on the same noise, timestep and prompt; and, weighted, the mean over `features` of their squared
 * difference relative to the teacher's square (as BK-SDM, arXiv 2305.15798, less the scale). Inputs are the
 * student's, and the outputs of `teacherPredictionGraph`; scalar output `loss`.
 */
export function alignmentGraph(
  student: StagedUnetConfig,
  size: Unet2DConditionSize,
  features: readonly SharedFeature[],
  featureWeight: number,
): Graph {
  const network = nanosdUnet(student, size);
  const { builder: b, valueOf } = continueGraph({ ...network, taps: [] });
  const prediction = valueOf(network.outputs.out_sample);
  const terms = [lossValue(b, { kind: 'l2' }, prediction, b.input('target', prediction.shape))];
  for (const feature of features) {
    const own = valueOf(tapped(network, feature.student));
    const error = relativeError(b, own, b.input(featureInput(feature), own.shape));
    terms.push(b.scale(error, featureWeight / features.length));
  }
  const loss = terms.reduce((sum, term) => b.add(sum, term));
  return { ...b.build({ loss }), taps: [] };
}

function featureInput({ name }: SharedFeature): string {
  return `feature.${name}`;
}

function tapped({ taps }: Graph, name: string): Value {
  const tap = taps.find((candidate) => candidate.name === name);
  if (!tap) throw new Error(`expected a tap named ${name}, got ${taps.length} others`);
  return tap.value;
}

function relativeError(b: GraphBuilder, got: Value, expected: Value): Value {
  const squares = b.reduceMean(b.mul(expected, expected), [0, 1, 2, 3]);
  const scale = b.shift(b.reshape(squares, []), 1e-6);
  return b.div(lossValue(b, { kind: 'l2' }, got, expected), scale);
}
