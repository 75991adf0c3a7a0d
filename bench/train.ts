// How much of the speed of a bare forward pass a whole training step keeps: forward, backward, gradient
// sum, clipping, AdamW and EMA, as `nanosd train` runs them. 1.0 would mean that the backward pass costs
// exactly twice the forward pass and everything else nothing.
import { readFile } from 'node:fs/promises';
import {
  GraphBuilder,
  Random,
  createNoiseSchedule,
  graphCost,
  projectContext,
  groupNorms,
  resnetBlock2d,
  restorer,
  restorerConfig,
  restorerConfigSchema,
  schedulerConfig,
  tensor,
  transformer2d,
  unet2DCondition,
  unet2DConditionConfig,
  unet2DConditionConfigSchema,
  type Feeds,
  type Graph,
  type Session,
  type Tensor,
} from 'nanosd';
import { createNodeExecutor, createWorkerExecutor, type WorkerExecutor } from 'nanosd/node';
import {
  createOptimizer,
  denoisingLossGraph,
  gradientGraph,
  initializeWeights,
  lossGraph,
  startTraining,
  train,
} from 'nanosd/training';

interface Subject {
  readonly name: string;
  /** The network for a batch of this size. */
  readonly network: (batch: number) => Graph;
  readonly batch: number;
  /** Its one output is the loss; an L1 to a target unless given. */
  readonly objective?: (batch: number) => Graph;
}

const workers = 2;
const rounds = 24;

/** Prints a table; the ratio is the bar. */
export async function benchTrain(): Promise<void> {
  const subjects = [await shippedModel(), residualAttention(), ...(await denoisers())];
  console.log(
    'FLOP/s of a whole training step (3 x forward FLOPs) over FLOP/s of the forward alone',
  );
  const rates: number[] = [];
  for (const subject of subjects) {
    const result = await measure(subject);
    rates.push(result.forwardFlops / result.stepMs);
    const rate = (flops: number, ms: number): string => `${(flops / ms / 1e6).toFixed(0)} GFLOP/s`;
    console.log(
      `${subject.name}, batch ${subject.batch}: forward ${result.forwardMs.toFixed(1)} ms ` +
        `(${rate(result.forwardFlops, result.forwardMs)}), step ${result.stepMs.toFixed(1)} ms ` +
        `(${rate(3 * result.forwardFlops, result.stepMs)}), ` +
        `ratio ${((3 * result.forwardMs) / result.stepMs).toFixed(3)}, ` +
        `of sr-x4's step ${(rates[rates.length - 1] / rates[0]).toFixed(3)}`,
    );
  }
}

/** The U-Net of sd-mini on latents of pictures of 64 and of 128 pixels a side, as it is trained. */
async function denoisers(): Promise<Subject[]> {
  const path = new URL('../models/sd-mini/unet/config.json', import.meta.url);
  const file = unet2DConditionConfigSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const config = unet2DConditionConfig(file);
  const schedule = createNoiseSchedule(schedulerConfig({ _class_name: 'DDIMScheduler' }));
  return [
    { side: 16, batch: 16 },
    { side: 32, batch: 8 },
  ].map(({ side, batch }) => ({
    name: `sd-mini's U-Net at ${side}x${side}`,
    batch,
    network: (n) =>
      unet2DCondition(config, { batch: n, height: side, width: side, contextTokens: 4 }),
    objective: (n) =>
      denoisingLossGraph(config, {
        batch: n,
        height: side,
        width: side,
        schedule,
        predictionType: 'v_prediction',
        snrGamma: 5,
        prompts: { from: 'kinds', tokens: 4, kinds: 15 },
      }),
  }));
}

async function shippedModel(): Promise<Subject> {
  const path = new URL('../models/sr-x4/config.json', import.meta.url);
  const file = restorerConfigSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  return {
    name: 'sr-x4 at 48x48',
    network: (batch) => restorer(restorerConfig(file), { batch, height: 48, width: 48 }),
    batch: 8,
  };
}

/** What SD's U-Net is made of, 320 channels at 32x32: a residual block and a transformer. */
function residualAttention(): Subject {
  return {
    name: 'SD residual + attention block, 320 channels at 32x32',
    batch: 4,
    network(batch) {
      const b = new GraphBuilder();
      const x = b.input('sample', [batch, 320, 32, 32]);
      const temb = b.input('temb', [batch, 1280]);
      const context = b.input('encoder_hidden_states', [batch, 77, 768]);
      const options = { outChannels: 320, norm: groupNorms(32), eps: 1e-5 };
      const hidden = resnetBlock2d(b, 'resnets.0', x, temb, options);
      const attended = transformer2d(b, 'attentions.0', hidden, {
        heads: 8,
        norm: groupNorms(32),
        reduction: 1,
        crossAttentionContext: (name, channels) => projectContext(b, name, context, channels),
      });
      return b.build({ out_sample: attended });
    },
  };
}

interface Measured {
  readonly forwardFlops: number;
  readonly forwardMs: number;
  readonly stepMs: number;
}

/** Alternates forwards and steps, so that a change of the machine's speed hits both; medians. */
async function measure(subject: Subject): Promise<Measured> {
  const { network, batch } = subject;
  const random = Random.seeded(1);
  const whole = network(batch);
  const weights = initializeWeights(whole, random, () => 1);
  const feeds = randomFeeds(whole, random);
  await using executors = new Executors(workers);
  const forwards = await forwardVariants(network, batch, weights, feeds, executors);
  const nextStep = await stepRunner(subject, random, executors);
  const forwardMs = forwards.map((): number[] => []);
  const stepMs: number[] = [];
  for (let round = -2; round < rounds; round++) {
    for (const [i, forward] of forwards.entries()) {
      const ms = await time(forward);
      if (round >= 0) forwardMs[i].push(ms);
    }
    const ms = await time(nextStep);
    if (round >= 0) stepMs.push(ms);
  }
  return {
    forwardFlops: 2 * graphCost(whole).macs,
    // The faster of one session on all cores and one a worker: a step must measure up to the better.
    forwardMs: Math.min(...forwardMs.map(median)),
    stepMs: median(stepMs),
  };
}

class Executors implements AsyncDisposable {
  readonly list: readonly WorkerExecutor[];

  constructor(count: number) {
    this.list = Array.from({ length: count }, () => createWorkerExecutor({ threads: 1 }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.list.map((executor) => executor[Symbol.asyncDispose]()));
  }
}

async function forwardVariants(
  network: (batch: number) => Graph,
  batch: number,
  weights: ReadonlyMap<string, Tensor>,
  feeds: Feeds,
  executors: Executors,
): Promise<(() => Promise<unknown>)[]> {
  const whole = await createNodeExecutor({ threads: workers }).load(network(batch), weights);
  const part = network(batch / workers);
  const partFeeds = randomFeeds(part, Random.seeded(2));
  const parts = await Promise.all(executors.list.map((executor) => executor.load(part, weights)));
  return [
    () => whole.run(feeds),
    () => Promise.all(parts.map((session) => session.run(partFeeds))),
  ];
}

async function stepRunner(
  subject: Subject,
  random: Random,
  executors: Executors,
): Promise<() => Promise<unknown>> {
  const objective = objectiveOf(subject);
  const weights = initializeWeights(objective, random, () => 1);
  const graph = gradientGraph(objective);
  const sessions: Session[] = await Promise.all(
    executors.list.map((executor) => executor.load(graph, new Map())),
  );
  const shards = sessions.map(() => randomFeeds(objective, random));
  const optimizer = createOptimizer({
    kind: 'adamw',
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
  });
  const steps = train(
    startTraining(objective, weights, optimizer),
    sessions,
    (_, shard) => Promise.resolve(shards[shard]),
    optimizer,
    {
      totalSteps: Infinity,
      learningRate: 1e-6,
      schedule: { kind: 'constant', warmupSteps: 0, finalFactor: 1 },
      clipNorm: 1,
      emaDecay: 0.999,
      shards: workers,
    },
  );
  return () => steps.next();
}

/** Of a worker's share of the batch. */
function objectiveOf({ network, batch, objective }: Subject): Graph {
  const share = batch / workers;
  return objective
    ? objective(share)
    : lossGraph(network(share), 'out_sample', [{ loss: { kind: 'l1' }, weight: 1 }]);
}

function randomFeeds(graph: Graph, random: Random): Record<string, Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, shape, dtype }) => [
      name,
      dtype === 'int64' ? wholeNumbers(shape) : randomTensor(shape, random),
    ]),
  );
}

/** Timesteps and kinds. */
function wholeNumbers(shape: readonly number[]): Tensor {
  return tensor('int64', shape, new BigInt64Array(shape.reduce((a, n) => a * n, 1)).fill(7n));
}

function randomTensor(shape: readonly number[], random: Random): Tensor {
  return tensor('float32', shape, random.normals(shape.reduce((a, n) => a * n, 1)));
}

async function time(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
