import { describe, expect, it } from 'vitest';
import { createInterpreter, type Feeds, type Graph } from '../graph/index.js';
import { elementCount, Random, tensor, toFloat64, type Shape, type Tensor, type Weights } from '../tensor/index.js';
import { nanosdUnet } from './nanosdUnet.js';
import { stageLayers } from './nanosdUnetConfig.js';
import type { StagedUnetConfig } from './stagedUnet.js';
import { readSlots, unetStageGraph, unetStagePrefix, type UnetStage } from './unetStageGraph.js';

const level = (channels: number, down: string, up: string, upSkips: readonly number[]) => ({
  ...{ channels, heads: 2, down: stageLayers(down), up: stageLayers(up), upSkips, skipSlots: 3 },
});
const config: StagedUnetConfig = {
  ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0 },
  ...{ normNumGroups: 4, normEps: 1e-5, crossAttentionDim: 12, midBlock: false },
  levels: [
    level(8, 'RA', 'RR', [0, 2]),
    level(16, 'RR', 'RAR', [0, 2]),
    level(24, 'R', 'RRR', [0, 1, 2]),
  ],
};
const size = { batch: 2, height: 6, width: 8, contextTokens: 3 };
const random = Random.seeded(5);
const draw = (shape: Shape) =>
  tensor(
    'float32',
    shape,
    random.normals(elementCount(shape)).map((x) => x * 0.3),
  );

async function run(graph: Graph, weights: Weights, feeds: Feeds): Promise<Feeds> {
  await using session = await createInterpreter().load(graph, weights);
  return await session.run(feeds);
}

/** Inputs were rounded to float32 between the stages, as they were not inside the network. */
function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const [a, e] = [toFloat64(actual), toFloat64(expected)];
  const largest = Math.max(...e.map(Math.abs));
  const worst = Math.max(...a.map((x, i) => Math.abs(x - e[i])));
  expect(worst / largest).toBeLessThan(1e-6);
}

describe('unetStageGraph', () => {
  it('computes what the stage computes in the whole network', async () => {
    const whole = nanosdUnet(config, size);
    const weights = new Map(whole.params.map(({ name, shape }) => [name, draw(shape)]));
    const feeds = Object.fromEntries(whole.inputs.map(({ name, shape }) => [name, draw(shape)]));
    const taps = Object.fromEntries(whole.taps.map(({ name, value }) => [name, value]));
    const seen = await run({ ...whole, outputs: taps }, weights, feeds);
    const layersOf = (i: number) => config.levels[i].down.length;
    const entering = (i: number): string => (i === 0 ? 'conv_in' : `down_blocks.${i - 1}.hidden`);
    const slotTap = (i: number, slot: number): string =>
      slot === 2 ? entering(i) : `down_blocks.${i}.res.${Math.max(layersOf(i) - 1 - slot, 0)}`;
    const stages: UnetStage[] = [0, 1, 2].flatMap((i) => [
      { direction: 'down', level: i },
      { direction: 'up', level: i },
    ]);
    for (const stage of stages) {
      const graph = unetStageGraph(config, stage, size);
      const { level: i, direction } = stage;
      const before = i === 2 ? `down_blocks.2.hidden` : `up_blocks.${1 - i}`;
      const inputs: Record<string, string> = {
        hidden: direction === 'down' ? entering(i) : before,
        temb: 'time_embedding',
      };
      if (direction === 'up') {
        for (const slot of readSlots(config.levels[i])) inputs[`skip.${slot}`] = slotTap(i, slot);
      }
      const given = Object.fromEntries(
        Object.entries(inputs).map(([name, tap]) => [name, seen[tap]]),
      );
      const prompt = graph.inputs.some(({ name }) => name === 'encoder_hidden_states')
        ? { encoder_hidden_states: feeds.encoder_hidden_states }
        : {};
      const out = await run(graph, weights, { ...given, ...prompt });
      const prefix = unetStagePrefix(config, stage);
      const expected = direction === 'down' ? `${prefix}.hidden` : prefix;
      expectClose(out.hidden, seen[expected]);
      if (direction === 'up') continue;
      for (const slot of [0, 1]) {
        expectClose(out[`skip.${slot}`], seen[slotTap(i, slot)]);
      }
    }
  });
});
