import { castSource, sourceOf } from '../../../weights/index.js';
import type { PipelineToWrite, Precision } from '../../../models/index.js';
import { openAutoencoder } from '../../../models/openAutoencoder-node.js';
import { openCheckpoint } from '../../../models/openCheckpoint-node.js';
import { tokenizerWriter, writeCheckpoint } from '../../../models/writeCheckpoint-node.js';
import type { Weights } from '../../../tensor/index.js';
import { alignmentGraph } from './loss.js';
import { openAlignmentPlan, type AlignmentPlan } from './plan-node.js';
import { compareUnets } from './report-node.js';
import { openAlignmentSamples, type AlignmentSampleOptions } from './samples-node.js';
import type { AlignmentTraining } from './config.js';
import { heldOutSet, validateAlignment, type HeldOutSet } from './validation-node.js';
import { initializeUnet } from '../initialize.js';
import { prepareLatents } from '../../latents/latents-node.js';
import { describeAlignedUnet } from '../../export/modelDescription.js';
import type { Objective } from '../objective.js';

/** Apart from those of training, which are often 1. */
const HELD_OUT_SEED = 20_260_109;

/**
 * Predicting what a teacher predicts, end to end.
 * @throws as `openAlignmentPlan`.
 */
export async function openAlignmentObjective(config: AlignmentTraining): Promise<Objective> {
  const plan = await openAlignmentPlan(config);
  const { student, size, features, photos } = plan;
  const graph = alignmentGraph(student, size, features, config.feature_weight);
  const training = plan.samplesOf(photos, config.seed);
  const held = new Map(
    Array.from(
      plan.heldOut,
      ([set, paths]) => [set, plan.samplesOf(paths, HELD_OUT_SEED)] as const,
    ),
  );
  const sets = heldOutSets(config, plan, held);
  return {
    graph,
    initialize: (random) => initializeUnet(graph, random),
    sources: plan.sources,
    async *prepare() {
      for (const { latents, ownLatents } of [training, ...held.values()]) {
        yield* prepareLatents(latents);
        if (ownLatents) yield* prepareLatents(ownLatents);
      }
    },
    openSamples: (onWarning) =>
      openAlignmentSamples(training, plan.openTeacher(features), onWarning),
    validate: (executor, weights, options) =>
      validateAlignment(executor, weights, { student, size, sets }, options),
    modelFile: config.model,
    finishModelFile: () => Promise.resolve(config.model),
    writeModel: (folder, weights, precision) => writeStudent(folder, config, weights, precision),
    compare: () => compareUnets(config, plan),
    get description() {
      return describeAlignedUnet(config.model, size, plan.name);
    },
    photos,
  };
}

function heldOutSets(
  { validation }: AlignmentTraining,
  plan: AlignmentPlan,
  held: ReadonlyMap<string, AlignmentSampleOptions>,
): ReadonlyMap<string, HeldOutSet> {
  return new Map(
    Array.from(held, ([set, options]) => {
      const windows = validation?.sets[set].windows ?? 0;
      return [set, heldOutSet(options, windows, () => plan.openTeacher([]))] as const;
    }),
  );
}

/** The student's checkpoint with the trained U-Net and, where there is one, the VAE that it was trained with. */
async function writeStudent(
  folder: string,
  config: AlignmentTraining,
  weights: Weights,
  precision: Precision,
): Promise<void> {
  await using student = await openCheckpoint(config.student);
  await using vae = config.vae === undefined ? null : await openAutoencoder(config.vae);
  const unet = { ...student.unet, weights: castSource(sourceOf(weights), precision) };
  const pipeline: PipelineToWrite = { ...student, unet, ...(vae && { vae }) };
  const write = tokenizerWriter(student.tokenizerFolder);
  await writeCheckpoint(folder, pipeline, write, { overwrite: true });
}
