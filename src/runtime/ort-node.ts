import './noTelemetry-node.js';
import type { FallbackOptions } from './engine.js';
import { createNodeEngine } from './engine-node.js';
import { requireNodeDevice } from './nodeDevices-node.js';
import { nodeExecutor, type NodeExecutor } from './nodeExecutor-node.js';

export interface NodeExecutorOptions extends FallbackOptions {
  /** An execution provider of ONNX Runtime: `cpu` (default), `webgpu`, `cuda`, `coreml`, `dml`, ... */
  readonly device?: string;
  /** Threads inside an operator; by default one a physical core. */
  readonly threads?: number;
}

/**
 * ONNX Runtime in this thread. `run` is native and blocks the thread while it computes; see
 * `createWorkerExecutor` for one that does not.
 * @throws DeviceError listing the devices there are.
 */
export function createNodeExecutor(options: NodeExecutorOptions = {}): NodeExecutor {
  const { device = 'cpu', threads } = options;
  requireNodeDevice(device);
  return nodeExecutor(device, createNodeEngine({ device, threads }), options);
}
