// What the losses of a restorer cost: processor time of a whole step of sr-x4's network with each of them, alternating in one process.
import { readFile } from 'node:fs/promises';
import {
  Random,
  restorer,
  restorerConfig,
  restorerConfigSchema,
  tensor,
  type Feeds,
  type Graph,
  type Session,
  type Tensor,
} from 'nanosd';
import { createNodeExecutor, openFeatureMaps } from 'nanosd/node';
import {
  adversarialGraph,
  gradientGraph,
  playersGraph,
  restorerLossGraph,
  type RestorerLosses,
} from 'nanosd/training';

const rounds = 9;
const plain: RestorerLosses = {
  losses: [{ loss: { kind: 'l1' }, weight: 1, target: 'photo' }],
  perceptual: null,
  mix: null,
};

/** Prints the medians; `network` is that of the perceptual distance, without which it is left out. */
export async function benchLosses([network]: readonly string[]): Promise<void> {
  const executor = createNodeExecutor({ threads: 1 });
  const random = Random.seeded(1);
  const runs: { name: string; session: Session; feeds: Feeds; times: number[] }[] = [];
  for (const [name, graph] of Object.entries(await steps(network))) {
    const feeds = graph.inputs.map((input) => [input.name, draw(input.shape, random)] as const);
    const session = await executor.load(graph, new Map());
    runs.push({ name, session, feeds: Object.fromEntries(feeds), times: [] });
  }
  for (let round = -1; round < rounds; round++) {
    for (const { session, feeds, times } of runs) {
      const begun = process.cpuUsage().user;
      await session.run(feeds);
      if (round >= 0) times.push((process.cpuUsage().user - begun) / 1000);
    }
  }
  const medians = runs.map(({ times }) => times.sort((a, b) => a - b)[rounds >> 1]);
  console.log('processor time of a step on 4 crops of 48x48, and how many times that of L1 alone');
  runs.forEach(({ name }, i) => {
    const ratio = (medians[i] / medians[0]).toFixed(2);
    console.log(`${name}: ${medians[i].toFixed(0)} ms, ${ratio}`);
  });
}

async function steps(network: string | undefined): Promise<Record<string, Graph>> {
  const path = new URL('../models/sr-x4/config.json', import.meta.url);
  const file = restorerConfigSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const model = restorer(restorerConfig(file), { batch: 4, height: 48, width: 48 });
  const alone = { L1: gradientGraph(restorerLossGraph(model, plain)) };
  const players = {
    'with a patch discriminator': adversarialStep(model, 'patch'),
    'with a U-Net discriminator': adversarialStep(model, 'unet'),
  };
  if (network === undefined) return { ...alone, ...players };
  const features = await openFeatureMaps(network);
  const seen = (window: number, scales: readonly number[]): Graph => {
    const view = { window, scales, shift: 3 };
    const perceptual = { ...view, features, weight: 0.02, target: 'photo' as const };
    return gradientGraph(restorerLossGraph(model, { ...plain, perceptual }));
  };
  return {
    ...alone,
    'with a perceptual distance': seen(96, [1, 0.5]),
    'with one of the whole crop at one scale': seen(192, [1]),
    ...players,
  };
}

function adversarialStep(model: Graph, shape: 'patch' | 'unet'): Graph {
  const judge = { shape, channels: 64, layers: 3 };
  const graph = adversarialGraph(model, plain, {
    kind: 'hinge',
    weight: 0.005,
    discriminator: judge,
  });
  const own = new Set(model.params.map(({ name }) => name));
  return playersGraph(graph, {
    loss: graph.params.filter(({ name }) => own.has(name)),
    discriminator_loss: graph.params.filter(({ name }) => !own.has(name)),
  });
}

function draw(shape: readonly number[], random: Random): Tensor {
  const values = random.normals(shape.reduce((product, n) => product * n, 1));
  return tensor(
    'float32',
    shape,
    values.map((value) => 0.05 * value),
  );
}
