// One surrogate of each stage of SD 1.5, from its inherited weights: three updates by AdamW of the mean squared error
// to what the teacher's stage gives, on features of one pass of the teacher.
import { join } from 'node:path';
import {
  inheritUnet,
  stageNames,
  stagesOfUnet2D,
  type Graph,
  type StagedUnetConfig,
  type StageName,
  type Tensor,
  type Unet2DConditionSize,
} from 'nanosd';
import {
  createNodeExecutor,
  featureNames,
  openCheckpoint,
  promptFeature,
  readSafetensorsFile,
  stageFeatures,
  surrogateLossGraph,
  surrogateUnet,
  targetName,
  teacherFeatureGraph,
  writeSafetensorsFile,
  type OpenCheckpoint,
} from 'nanosd/node';
import {
  applyUpdate,
  createOptimizer,
  gradientGraph,
  startTraining,
  type TrainingState,
} from 'nanosd/training';
import { medianMs, randomFeeds } from './measure.js';

const updates = 3;

/** An option of each stage, of the costlier ones. */
export const surrogates: Readonly<Record<StageName, string>> = {
  ...{ E1: 'RA', E2: 'RA', E3: 'RA' },
  ...{ D3: 'RARA', D2: 'RARA', D1: 'RARA' },
};

const fileOf = (folder: string): string => join(folder, 'features.safetensors');

/** One pass of the teacher, of which every feature that a stage needs is kept. */
export async function writeFeatures(folder: string, size: Unet2DConditionSize): Promise<void> {
  await using checkpoint = await openCheckpoint(join(folder, 'teacher'));
  const { unet, weights } = teacherOf(checkpoint);
  const graph = teacherFeatureGraph(unet, size, featureNames(stagesOfUnet2D(unet), stageNames));
  await using session = await createNodeExecutor().loadMapped(graph, weights);
  const feeds = randomFeeds(graph.inputs);
  const prompt = { [promptFeature]: feeds[promptFeature] };
  const kept = { ...(await session.run(feeds)), ...prompt };
  await writeSafetensorsFile(fileOf(folder), new Map(Object.entries(kept)));
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
  const stage = name as StageName;
  const surrogate = { stage, option: surrogates[stage] };
  await using checkpoint = await openCheckpoint(join(folder, 'teacher'));
  const { unet, weights: its } = teacherOf(checkpoint);
  const teacher = stagesOfUnet2D(unet);
  const forward = surrogateLossGraph(teacher, surrogate, size, 'mse');
  const student = surrogateUnet(teacher, surrogate);
  const inherited = inheritUnet({ config: teacher, weights: its }, student);
  const weights = new Map<string, Tensor>();
  for (const param of forward.params) weights.set(param.name, await inherited.read(param.name));
  const optimizer = createOptimizer(adamw);
  const state = startTraining(forward, weights, optimizer);
  weights.clear();
  const parameters = [...state.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  const kept = await readFeatures(folder, teacher, stage, forward);
  return { parameters, ...(await update(forward, state, kept)) };
}

const adamw = { kind: 'adamw', betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 } as const;

function teacherOf({ unet: { network, weights } }: OpenCheckpoint) {
  if (network.className === 'UNet2DConditionModel') return { unet: network.config, weights };
  throw new Error(`expected a teacher, got ${network.className}`);
}

async function readFeatures(
  folder: string,
  teacher: StagedUnetConfig,
  stage: StageName,
  graph: Graph,
): Promise<Record<string, Tensor>> {
  const { tensors } = await readSafetensorsFile(fileOf(folder));
  const { inputs, targets } = stageFeatures(teacher, stage);
  const features = new Map(Object.entries(inputs));
  for (const [name, feature] of Object.entries(targets)) features.set(targetName(name), feature);
  const found = graph.inputs.map(({ name }): [string, Tensor] => {
    const tensor = tensors.get(features.get(name) ?? name);
    if (!tensor) throw new Error(`${stage}: expected a feature for ${name}`);
    return [name, tensor];
  });
  return Object.fromEntries(found);
}

async function update(
  forward: Graph,
  state: TrainingState,
  kept: Readonly<Record<string, Tensor>>,
): Promise<{ losses: readonly number[]; ms: number }> {
  const optimizer = createOptimizer(adamw);
  await using session = await createNodeExecutor().load(gradientGraph(forward), new Map());
  const losses: number[] = [];
  // The first of them does not count for the time: it allocates.
  const ms = await medianMs(updates - 1, async () => {
    const feeds = { ...kept, ...Object.fromEntries(state.weights) };
    const { loss, ...results } = await session.run(feeds);
    losses.push(Number(loss.data[0]));
    const named = [...state.weights.keys()].map(
      (name) => [name, results[`grad:${name}`].data as Float32Array] as const,
    );
    const batch = { gradients: new Map(named), gradientNorm: 0 };
    applyUpdate(state, batch, optimizer, 1e-5, { clipNorm: null, emaDecay: 0.999 });
  });
  return { losses, ms };
}
