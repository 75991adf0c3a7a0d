import type { Graph, Session } from '../graph/index.js';
import {
  stagesOfUnet2D,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from '../models/index.js';
import { createWorkerExecutor } from '../runtime/worker-node.js';
import type { Weights } from '../tensor/index.js';
import type { Checkpoint } from '../weights/index.js';
import type { DistillPlan } from './distillPlan.js';
import type { FeatureSource } from './featureSource.js';
import { openFeatures, type FeatureListener } from './features-node.js';
import { openTeacher } from './teacher-node.js';

/** What a process holds while it trains surrogates: the teacher, its features and a thread to compute in. */
export interface Workshop extends AsyncDisposable {
  readonly plan: DistillPlan;
  readonly teacher: StagedUnetConfig;
  readonly weights: Checkpoint;
  readonly size: Unet2DConditionSize;
  readonly features: FeatureSource;
  load(graph: Graph, weights: Weights): Promise<Session>;
}

/**
 * Opens what a plan speaks of. The teacher's U-Net runs only where features are not kept on disk.
 * @throws ModelError, ConfigError or WeightsError for what is absent or does not fit.
 */
export async function openWorkshop(
  plan: DistillPlan,
  listener: FeatureListener,
): Promise<Workshop> {
  const opened: AsyncDisposable[] = [];
  const close = async (): Promise<void> => {
    for (const thing of opened.splice(0).reverse()) await thing[Symbol.asyncDispose]();
  };
  try {
    const teacher = await openTeacher(plan);
    opened.push(teacher);
    const executor = createWorkerExecutor({ threads: 1 });
    opened.push(executor);
    const features = await openFeatures(plan, teacher, executor, listener);
    opened.push(features);
    return {
      ...{ plan, features, weights: teacher.weights, size: teacher.size },
      teacher: stagesOfUnet2D(teacher.unet),
      load: (graph, weights) => executor.load(graph, weights),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
