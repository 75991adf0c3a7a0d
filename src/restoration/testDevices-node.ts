import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { env } from 'onnxruntime-node';
import type { Image } from '../image/index.js';
import { builtInDevices } from '../runtime/nodeDevices-node.js';
import type { SelfTest } from './selfTest.js';
import { testNodeDevice, type DeviceTestRequest } from './testDevice-node.js';

const TIMEOUT_MS = 120_000;

/** The version of the engine that runs graphs. */
export function onnxRuntimeVersion(): string {
  return env.versions.node ?? 'unknown';
}

/**
 * Restores a test picture on every device that this build of ONNX Runtime knows, and compares each with the CPU. The
 * others are tried in processes of their own: a broken driver may abort one.
 * @throws ModelError, ConfigError or WeightsError for a model that is absent or corrupt.
 */
export async function testNodeDevices(model: string): Promise<SelfTest[]> {
  const reference = await testNodeDevice(model, 'cpu');
  const results = [reference];
  for (const device of builtInDevices().filter((name) => name !== 'cpu')) {
    results.push(await testApart(model, device, reference.restored));
  }
  return results;
}

function testApart(model: string, device: string, expected: Image | null): Promise<SelfTest> {
  const entry = fileURLToPath(new URL('./testDevice-entry-node.js', import.meta.url));
  return new Promise((resolve) => {
    const child = fork(entry, [], {
      serialization: 'advanced',
      silent: true,
      timeout: TIMEOUT_MS,
    });
    child.on('message', (result) => resolve(result as SelfTest));
    child.on('error', ({ message }) => resolve(failed(device, message)));
    child.on('exit', (code, signal) =>
      resolve(failed(device, `its test ended by ${signal ?? `exit code ${code}`}`)),
    );
    child.send({ model, device, expected } satisfies DeviceTestRequest);
  });
}

function failed(device: string, problem: string): SelfTest {
  return { device, problem, maxError: null, pixelsPerSecond: null, restored: null };
}
