import type { Feeds, Graph, Session } from '../graph/index.js';
import { graphCost } from '../graph/index.js';
import { unetStageGraph, type StagedUnetConfig } from '../models/index.js';
import { inheritUnet } from '../surgery/index.js';
import { Random, type Tensor, type Weights } from '../tensor/index.js';
import { castSource } from '../weights/index.js';
import {
  createOptimizer,
  gradientGraph,
  initializeWeights,
  startTraining,
  train,
  type Optimizer,
  type StepMetrics,
  type TrainingPlan,
  type TrainingState,
} from '../training/index.js';
import { loadNewestCheckpoint, saveCheckpoint } from '../training/loop/checkpoint-node.js';
import {
  openMetricsLog,
  readMetricsLog,
  type MetricsLog,
} from '../training/loop/metricsLog-node.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import { surrogateErrorGraph, surrogateLossGraph, targetName } from './featureLoss.js';
import { stagePlace, surrogateName, surrogateUnet, type Surrogate } from './surrogate.js';
import { surrogatePlaces, writeSurrogate, type SurrogatePlaces } from './surrogateFolder-node.js';
import {
  lossCurve,
  relativeErrors,
  type RelativeErrors,
  type SurrogateReport,
} from './surrogateReport.js';
import { stageFeatures } from './teacherFeatures.js';
import type { DistillSettings } from './distillSettings.js';
import type { Workshop } from './workshop-node.js';

const curvePoints = 100;

/** One surrogate in training. */
export interface SurrogateRun extends AsyncDisposable {
  readonly surrogate: Surrogate;
  /** Updates done. */
  readonly step: number;
  readonly before: RelativeErrors;
  /** One update. */
  next(): Promise<StepMetrics>;
  /** Saves what it takes to go on exactly here. */
  save(): Promise<void>;
  /** Measures the averaged weights and writes the surrogate's folder. */
  finish(): Promise<SurrogateReport>;
}

/**
 * Makes a surrogate ready to be trained, from its newest checkpoint if there is one.
 * @throws ConfigError or WeightsError for a checkpoint of another run or a damaged one; when the system refuses.
 */
export async function openSurrogateRun(
  workshop: Workshop,
  surrogate: Surrogate,
): Promise<SurrogateRun> {
  const { plan, teacher, size } = workshop;
  const { settings, folder } = plan;
  const graph = surrogateLossGraph(teacher, surrogate, size, settings.loss);
  const optimizer = createOptimizer(adamw);
  const identity = { surrogate: surrogateName(surrogate), ...plan.identity };
  const places = surrogatePlaces(folder, surrogate);
  await makeFolder(places.checkpoints);
  const initial = await initialWeights(workshop, surrogate, graph);
  const state =
    (await loadNewestCheckpoint(
      places.checkpoints,
      { graph, discriminator: null },
      optimizer,
      identity,
    )) ?? startTraining(graph, initial, optimizer);
  const before = await measure(workshop, surrogate, initial);
  const session = await workshop.load(gradientGraph(graph), new Map());
  const log = await openMetricsLog(places.metrics, state.step);
  const steps = trainingSteps(workshop, surrogate, { session, state, optimizer });
  const save = async (): Promise<void> => {
    await log.sync();
    await saveCheckpoint(places.checkpoints, state, { keep: 1, identity });
  };
  return {
    ...{ surrogate, before, save },
    get step() {
      return state.step;
    },
    async next() {
      const next = await steps.next();
      if (next.done === true) throw new Error(`expected at most ${settings.steps} steps`);
      await log.append(next.value);
      return next.value;
    },
    finish: () => finish(workshop, surrogate, { state, before, places, log }),
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    },
  };
}

const adamw = { kind: 'adamw', betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 } as const;

function trainingPlan(settings: DistillSettings): TrainingPlan {
  return {
    totalSteps: settings.steps,
    learningRate: settings.learning_rate,
    schedule: { kind: 'cosine', warmupSteps: settings.lr_warmup_steps, finalFactor: 0 },
    clipNorm: settings.max_grad_norm,
    emaDecay: settings.ema_decay,
    shards: 1,
  };
}

interface Trained {
  readonly session: Session;
  readonly state: TrainingState;
  readonly optimizer: Optimizer;
}

function trainingSteps(
  workshop: Workshop,
  surrogate: Surrogate,
  { session, state, optimizer }: Trained,
): AsyncGenerator<StepMetrics> {
  const { features, plan } = workshop;
  const feeds = stageFeeds(workshop, surrogate);
  const source = (step: number): Promise<Feeds> => feeds((names) => features.training(step, names));
  return train(state, [session], source, optimizer, trainingPlan(plan.settings));
}

/** What the graphs of a surrogate are fed: features under the names of their inputs. */
function stageFeeds(
  { teacher, size }: Workshop,
  surrogate: Surrogate,
): (take: (names: readonly string[]) => Promise<Feeds>) => Promise<Feeds> {
  const { inputs, targets } = stageFeatures(teacher, surrogate.stage);
  const network = unetStageGraph(
    surrogateUnet(teacher, surrogate),
    stagePlace(surrogate.stage),
    size,
  );
  const pairs = [
    ...network.inputs.map(({ name }): [string, string] => [name, inputs[name]]),
    ...Object.entries(targets).map(([name, feature]): [string, string] => [
      targetName(name),
      feature,
    ]),
  ];
  const names = [...new Set(pairs.map(([, feature]) => feature))];
  return async (take) => {
    const features = await take(names);
    return Object.fromEntries(pairs.map(([name, feature]) => [name, features[feature]]));
  };
}

/** Float32: the teacher's by the rule of surgery, or random ones that follow from the seed. */
async function initialWeights(
  { teacher, weights, plan }: Workshop,
  surrogate: Surrogate,
  { params }: Graph,
): Promise<Weights> {
  const { init, seed } = plan.settings;
  if (init === 'random') {
    const residual = /(conv2|to_out\.0|ff\.net\.2|proj_out)\.weight$/;
    const graph = { inputs: [], params, nodes: [], outputs: {}, taps: [] };
    return initializeWeights(graph, Random.seeded(seed), (name) => (residual.test(name) ? 0.1 : 1));
  }
  const student = surrogateUnet(teacher, surrogate);
  const source = castSource(inheritUnet({ config: teacher, weights }, student), 'float32');
  const inherited = new Map<string, Tensor>();
  for (const { name } of params) inherited.set(name, await source.read(name));
  return inherited;
}

/** The relative errors of a surrogate's weights over what is held out. */
async function measure(
  workshop: Workshop,
  surrogate: Surrogate,
  weights: Weights,
): Promise<RelativeErrors> {
  const { teacher, size, features, plan } = workshop;
  const graph = surrogateErrorGraph(teacher, surrogate, size);
  await using session = await workshop.load(graph, weights);
  const feeds = stageFeeds(workshop, surrogate);
  const sums = new Map<string, number>();
  for (let batch = 0; batch < plan.settings.held_out_batches; batch++) {
    const outputs = await session.run(await feeds((names) => features.heldOut(batch, names)));
    for (const [name, { data }] of Object.entries(outputs)) {
      sums.set(name, (sums.get(name) ?? 0) + Number(data[0]));
    }
  }
  return relativeErrors(sums);
}

interface Finishing {
  readonly state: TrainingState;
  readonly before: RelativeErrors;
  readonly places: SurrogatePlaces;
  readonly log: MetricsLog;
}

async function finish(
  workshop: Workshop,
  surrogate: Surrogate,
  { state, before, places, log }: Finishing,
): Promise<SurrogateReport> {
  const { teacher, plan, size } = workshop;
  const { settings, folder, identity } = plan;
  const unet = surrogateUnet(teacher, surrogate);
  await log.sync();
  const logged = (await readMetricsLog(places.metrics)).filter((entry) => 'loss' in entry);
  const report: SurrogateReport = {
    ...surrogate,
    steps: state.step,
    loss: settings.loss,
    relativeError: { before, after: await measure(workshop, surrogate, state.ema) },
    ...stageCost(unet, surrogate, size),
    seconds: logged.reduce((sum, { ms }) => sum + ms, 0) / 1000,
    lossCurve: lossCurve(logged, curvePoints),
    identity,
  };
  await writeSurrogate(folder, unet, state.ema, report);
  return report;
}

function stageCost(
  unet: StagedUnetConfig,
  { stage }: Surrogate,
  size: Workshop['size'],
): { readonly parameters: number; readonly macs: number } {
  const graph = unetStageGraph(unet, stagePlace(stage), { ...size, batch: 1 });
  const { parameters, macs } = graphCost(graph);
  return { parameters, macs };
}
