import type { Image } from '../image/index.js';
import { openRestorerModel, readRestorerModelWeights } from './restorerModel-node.js';
import { createNodeEngine } from '../runtime/engine-node.js';
import { nodeExecutor } from '../runtime/nodeExecutor-node.js';
import { selfTest, type SelfTest } from './selfTest.js';

/** Restores the test picture on one device, in this process. */
export async function testNodeDevice(
  model: string,
  device: string,
  expected?: Image,
): Promise<SelfTest> {
  const folder = await openRestorerModel(model);
  const { weights } = await readRestorerModelWeights(folder);
  const { config } = folder;
  const executor = nodeExecutor(device, createNodeEngine({ device }), {});
  return selfTest(executor, { config, weights }, expected);
}

/** What the process that tests a device is told. */
export interface DeviceTestRequest {
  readonly model: string;
  readonly device: string;
  readonly expected: Image | null;
}
