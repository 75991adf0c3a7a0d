import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeExecutor } from '../executors/contract.js';
import { describeOperators } from '../executors/operatorContract.js';
import { createInterpreter, GraphBuilder, type Executor } from '../../src/graph/index.js';
import { float32, Random, toFloat64 } from '../../src/tensor/index.js';
import { bigNetworkBytes } from '../executors/bigNetwork.js';
import { describeTrainingStep } from '../executors/trainingStep.js';
import {
  chromiumProblem,
  openPage,
  servePage,
  heldMemory,
  type OpenPage,
  type Site,
} from './chromium.js';
import { openExecutor } from './openExecutor.js';

const title = `onnxruntime-web in Chromium${chromiumProblem === null ? '' : `: ${chromiumProblem}`}`;

describe.skipIf(chromiumProblem !== null)(title, () => {
  let site: Site;
  let open: OpenPage;

  beforeAll(async () => {
    site = await servePage();
    open = await openPage(site);
  }, 120_000);

  afterAll(async () => {
    await open[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  const create = (): ReturnType<typeof openExecutor> => openExecutor(open, 'wasm', { threads: 2 });

  describeExecutor('onnxruntime-web', create);
  describeOperators('onnxruntime-web', create);
  describeTrainingStep('onnxruntime-web', create);

  it('computes in threads, of a page that is isolated and allows no eval', async () => {
    expect(await open.page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(open.page.workers()).toHaveLength(1);
  });

  it('convolves many channels as the oracle does', async () => {
    const b = new GraphBuilder();
    const weight = b.param('weight', [32, 32, 3, 3]);
    const y = b.conv(b.input('x', [1, 32, 33, 34]), weight, null, { pads: [1, 1, 1, 1] });
    const graph = b.build({ y });
    const random = Random.seeded(1);
    const x = float32([1, 32, 33, 34], random.normals(32 * 33 * 34));
    const weights = new Map([['weight', float32([32, 32, 3, 3], random.normals(32 * 32 * 9))]]);
    const run = async (executor: Executor): Promise<Float64Array> => {
      await using session = await executor.load(graph, weights);
      return toFloat64((await session.run({ x })).y);
    };
    const [actual, expected] = [await run(await create()), await run(createInterpreter())];
    const furthest = actual.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0);
    // Of sums of 288 products, whose deviation is 17.
    expect(furthest).toBeLessThan(2e-4);
  });

  it('gives back the memory of a session of 20 MiB of weights, fifty times', async () => {
    const cycle = (times: number): Promise<void> =>
      open.page.evaluate((count) => nanosd.cycle({ threads: 2 }, count), times);
    await cycle(10);
    const before = await heldMemory(open);
    await cycle(50);
    const after = expect.poll(() => heldMemory(open), { timeout: 20_000, interval: 500 });
    await after.toBeLessThan(before + 2 * bigNetworkBytes);
  }, 120_000);

  it('asks for nothing outside its own origin, and has nothing to complain of', () => {
    expect(open.requests.filter((url) => url.endsWith('.wasm'))).toHaveLength(1);
    expect(open.requests.filter((url) => !url.startsWith(`${site.origin}/`))).toEqual([]);
    expect(open.complaints).toEqual([]);
  });

  it('names the devices there are when asked for another', async () => {
    const asked = openExecutor(open, 'cuda', {});
    await expect(asked).rejects.toThrow('expected a device of this machine (wasm), got cuda');
    await expect(openExecutor(open, 'webgpu', {})).rejects.toThrow('(wasm), got webgpu');
  });

  it('takes the engine from a folder of the site that is named to it', async () => {
    await using other = await openPage(site);
    const options = { threads: 2, wasmPaths: `${site.origin}/ort/` };
    const executor = await openExecutor(other, 'wasm', options);
    const builder = new GraphBuilder();
    const x = builder.input('x', [2]);
    await using session = await executor.load(builder.build({ y: builder.add(x, x) }), new Map());
    expect((await session.run({ x: float32([2], [1, 2]) })).y).toEqual(float32([2], [2, 4]));
    const engines = other.requests.filter((url) => url.endsWith('.wasm'));
    expect(engines).toEqual([`${site.origin}/ort/ort-wasm-simd-threaded.wasm`]);
    expect(other.complaints).toEqual([]);
  });

  it('refuses another number of threads than the page computes with', async () => {
    const asked = openExecutor(open, 'wasm', { threads: 1 });
    await expect(asked).rejects.toThrow("expected the page's 2 threads, got 1");
  });
});
