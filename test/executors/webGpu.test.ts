import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe } from 'vitest';
import type { Executor } from '../../src/graph/index.js';
import { describeExecutor } from './contract.js';
import { describeOperators } from './operatorContract.js';
import { openProcess } from './openProcess.js';
import { remoteExecutor, type OnFallback } from './remote.js';
import { describeTrainingStep } from './trainingStep.js';
import { webGpuContract, webGpuOperators } from './webGpu.js';

/** Chromium brings a Vulkan driver in software, SwiftShader, and its loader. */
const swiftShader = {
  VK_ICD_FILENAMES: '/usr/lib/chromium/vk_swiftshader_icd.json',
  LD_LIBRARY_PATH: '/usr/lib/chromium',
};

const probe = fileURLToPath(new URL('../../dist/src/runtime/probe-entry-node.js', import.meta.url));

/** The first environment that a WebGPU adapter is found in: this machine's own, or with SwiftShader. */
const env = [process.env, { ...process.env, ...swiftShader }].find(
  (candidate) => spawnSync(process.execPath, [probe, 'webgpu'], { env: candidate }).status === 0,
);

describe.skipIf(!env)(`WebGPU in Node${env ? '' : ': neither an adapter nor SwiftShader'}`, () => {
  const child = env ? openProcess('webgpu', env) : undefined;
  const create = (onFallback?: OnFallback): Promise<Executor> => {
    if (!child) throw new Error('expected a process');
    return Promise.resolve(remoteExecutor('webgpu', child.host, onFallback));
  };

  afterAll(() => child?.[Symbol.dispose]());

  describeExecutor('onnxruntime-node on WebGPU', create, webGpuContract);
  describeOperators('onnxruntime-node on WebGPU', create, webGpuOperators);
  describeTrainingStep('onnxruntime-node on WebGPU', create);
});
