// One surrogate of each stage of SD 1.5, from its inherited weights: three updates by AdamW of the mean squared error
// to what the teacher's stage gives, on features of one pass of the teacher.
import { join } from 'node:path';
import {
  continueGraph,
  cutUnet,
  inheritUnet,
  nanosdUnet,
  stagedUnetOf,
  teacherStages,
  unetStageGraph,
  type Graph,
  type StageName,
  type Tensor,
  type Unet2DConditionSize,
  type UnetStage,
} from 'nanosd';
import {
  createNodeExecutor,
  openCheckpoint,
  readSafetensorsFile,
  writeSafetensorsFile,
} from 'nanosd/node';
import {
  createOptimizer,
  gradientGraph,
  startTraining,
  updateEma,
  type TrainingState,
} from 'nanosd/training';
import { medianMs, randomFeeds } from './measure.js';

const updates = 3;

/** An option of each stage, of the costlier ones. */
export const surrogates: Readonly<Record<StageName, string>> = {
  ...{ E1: 'RA', E2: 'RA', E3: 'RA' },
  ...{ D3: 'RARA', D2: 'RARA', D1: 'RARA' },
};

/** Where the teacher's taps have the features of a stage: of inputs, and of what its outputs should be. */
const features: Readonly<Record<StageName, Readonly<Record<string, string>>>> = {
  E1: {
    hidden: 'conv_in',
    ...{ 'target:hidden': 'down_blocks.0.hidden' },
    ...{ 'target:skip.0': 'down_blocks.0.res.1', 'target:skip.1': 'down_blocks.0.res.0' },
  },
  E2: {
    hidden: 'down_blocks.0.hidden',
    ...{ 'target:hidden': 'down_blocks.1.hidden' },
    ...{ 'target:skip.0': 'down_blocks.1.res.1', 'target:skip.1': 'down_blocks.1.res.0' },
  },
  // Without E4 nothing leads on from E3, so that its last layer is all of its output.
  E3: {
    hidden: 'down_blocks.1.hidden',
    ...{ 'target:hidden': 'down_blocks.2.res.1' },
    ...{ 'target:skip.0': 'down_blocks.2.res.1', 'target:skip.1': 'down_blocks.2.res.0' },
  },
  // D3 stands for E4, Mid, D4 and D3: it takes what E3 gives.
  D3: {
    hidden: 'down_blocks.2.res.1',
    ...{ 'skip.0': 'down_blocks.2.res.1', 'skip.2': 'down_blocks.1.hidden' },
    'target:hidden': 'up_blocks.1',
  },
  D2: {
    hidden: 'up_blocks.1',
    ...{ 'skip.0': 'down_blocks.1.res.1', 'skip.2': 'down_blocks.0.hidden' },
    'target:hidden': 'up_blocks.2',
  },
  D1: {
    hidden: 'up_blocks.2',
    ...{ 'skip.0': 'down_blocks.0.res.1', 'skip.2': 'conv_in' },
    'target:hidden': 'up_blocks.3',
  },
};

const fileOf = (folder: string): string => join(folder, 'features.safetensors');

/** One pass of the teacher, of which every feature that a stage needs is kept. */
export async function writeFeatures(folder: string, size: Unet2DConditionSize): Promise<void> {
  await using checkpoint = await openCheckpoint(join(folder, 'teacher'));
  const { network, weights } = checkpoint.unet;
  const graph = nanosdUnet(stagedUnetOf(network), size);
  const names = Object.values(features).flatMap((stage) => Object.values(stage));
  const wanted = new Set([...names, 'time_embedding']);
  const taps = graph.taps.filter(({ name }) => wanted.has(name));
  const outputs = Object.fromEntries(taps.map(({ name, value }) => [name, value]));
  const tapped: Graph = { ...graph, outputs, taps: [] };
  await using session = await createNodeExecutor().loadMapped(tapped, weights);
  const feeds = randomFeeds(graph.inputs);
  const kept = await session.run(feeds);
  const prompt = { encoder_hidden_states: feeds.encoder_hidden_states };
  await writeSafetensorsFile(fileOf(folder), new Map(Object.entries({ ...kept, ...prompt })));
}

export interface TrainedSurrogate {
  readonly parameters: number;
  readonly losses: readonly number[];
  /** The median of its updates. */
  readonly ms: number;
}

/** Trains the surrogate of a stage. */
export async function trainSurrogate(
  folder: string,
  name: string,
  size: Unet2DConditionSize,
): Promise<TrainedSurrogate> {
  const stageName = name as StageName;
  await using checkpoint = await openCheckpoint(join(folder, 'teacher'));
  const teacher = {
    config: stagedUnetOf(checkpoint.unet.network),
    weights: checkpoint.unet.weights,
  };
  const stages = { ...teacherStages, [stageName]: surrogates[stageName] };
  const student = cutUnet(teacher.config, stages, 'dropped');
  const stage: UnetStage = {
    direction: name.startsWith('E') ? 'down' : 'up',
    level: Number(name[1]) - 1,
  };
  const forward = squaredErrors(unetStageGraph(student, stage, size));
  const inherited = inheritUnet(teacher, student);
  const weights = new Map<string, Tensor>();
  for (const param of forward.params) weights.set(param.name, await inherited.read(param.name));
  const optimizer = createOptimizer(adamw);
  const state = startTraining(forward, weights, optimizer);
  weights.clear();
  const parameters = [...state.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  const kept = await readFeatures(folder, stageName, forward);
  return { parameters, ...(await update(forward, state, kept)) };
}

const adamw = { kind: 'adamw', betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 } as const;

/** The sum over outputs of the mean squared error to inputs `target:OUTPUT`. */
function squaredErrors(stage: Graph): Graph {
  const { builder: b, valueOf } = continueGraph({ ...stage, taps: [] });
  const errors = Object.entries(stage.outputs).map(([name, output]) => {
    const value = valueOf(output);
    const difference = b.sub(value, b.input(`target:${name}`, value.shape));
    return b.reshape(b.reduceMean(b.mul(difference, difference), [0, 1, 2, 3]), []);
  });
  return b.build({ loss: errors.reduce((sum, error) => b.add(sum, error)) });
}

async function readFeatures(
  folder: string,
  stage: StageName,
  { inputs }: Graph,
): Promise<Record<string, Tensor>> {
  const { tensors } = await readSafetensorsFile(fileOf(folder));
  const names: Readonly<Record<string, string>> = { ...features[stage], temb: 'time_embedding' };
  const found = inputs.map(({ name }): [string, Tensor] => {
    const feature = tensors.get(names[name] ?? name);
    if (!feature) throw new Error(`${stage}: expected a feature for ${name}`);
    return [name, feature];
  });
  return Object.fromEntries(found);
}

async function update(
  forward: Graph,
  state: TrainingState,
  kept: Readonly<Record<string, Tensor>>,
): Promise<{ losses: readonly number[]; ms: number }> {
  const optimizer = createOptimizer(adamw);
  const moments = optimizer.slots.map((slot) => state.moments.get(slot));
  await using session = await createNodeExecutor().load(gradientGraph(forward), new Map());
  const losses: number[] = [];
  // The first of them does not count for the time: it allocates.
  const ms = await medianMs(updates - 1, async () => {
    const feeds = { ...kept, ...Object.fromEntries(state.weights) };
    const { loss, ...gradients } = await session.run(feeds);
    losses.push(Number(loss.data[0]));
    state.step++;
    for (const [name, { data }] of state.weights) {
      const gradient = gradients[`grad:${name}`].data as Float32Array;
      const own = moments.flatMap((all) => all?.get(name)?.data ?? []);
      optimizer.update(data, gradient, own, { learningRate: 1e-5, step: state.step });
      const average = state.ema.get(name);
      if (average) updateEma(average.data, data, 0.999, state.step);
    }
  });
  return { losses, ms };
}
