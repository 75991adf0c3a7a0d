import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/index.js';
import { float32 } from '../../src/tensor/index.js';
import { bigNetworkBytes } from '../executors/bigNetwork.js';
import { describeExecutor } from '../executors/contract.js';
import { describeOperators } from '../executors/operatorContract.js';
import { webGpuContract, webGpuOperators } from '../executors/webGpu.js';
import {
  chromiumProblem,
  heldMemory,
  openPage,
  servePage,
  softwareWebGpu,
  type OpenPage,
  type Site,
} from './chromium.js';
import { openExecutor } from './openExecutor.js';

const title = `WebGPU in Chromium${chromiumProblem === null ? '' : `: ${chromiumProblem}`}`;

describe.skipIf(chromiumProblem !== null)(title, () => {
  let site: Site;
  let open: OpenPage;

  beforeAll(async () => {
    site = await servePage();
    open = await openPage(site, softwareWebGpu);
  }, 120_000);

  afterAll(async () => {
    await open[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  const create = (): ReturnType<typeof openExecutor> => openExecutor(open, 'webgpu', {});

  it('is found', async () => {
    expect(await open.page.evaluate(() => nanosd.listDevices())).toContain('webgpu');
  });

  describeExecutor('onnxruntime-web on WebGPU', create, webGpuContract);

  describeOperators(
    'onnxruntime-web on WebGPU',
    (onFallback) => openExecutor(open, 'webgpu', {}, onFallback),
    webGpuOperators,
  );

  it('gives back the memory of a session of 20 MiB of weights, twelve times', async () => {
    const cycle = (times: number): Promise<void> =>
      open.page.evaluate((count) => nanosd.cycle({ device: 'webgpu' }, count), times);
    await cycle(3);
    const before = await heldMemory(open);
    await cycle(12);
    const after = expect.poll(() => heldMemory(open), { timeout: 20_000, interval: 500 });
    await after.toBeLessThan(before + 4 * bigNetworkBytes);
  }, 120_000);

  it('asks for nothing outside its own origin', () => {
    expect(open.requests.filter((url) => !url.startsWith(`${site.origin}/`))).toEqual([]);
  });

  it('works where WebAssembly cannot wait for a promise, in a larger build', async () => {
    await using older = await openPage(site, softwareWebGpu);
    await older.page.evaluate(() => Reflect.deleteProperty(WebAssembly, 'Suspending'));
    const builder = new GraphBuilder();
    const x = builder.input('x', [2, 3]);
    const executor = await openExecutor(older, 'webgpu', {});
    const session = await executor.load(builder.build({ y: builder.add(x, x) }), new Map());
    const { y } = await session.run({ x: float32([2, 3], [1, 2, 3, 4, 5, 6]) });
    expect(y).toEqual(float32([2, 3], [2, 4, 6, 8, 10, 12]));
    const engines = older.requests.filter((url) => url.endsWith('.wasm'));
    expect(engines).toEqual([expect.stringContaining('asyncify')]);
  });
});
