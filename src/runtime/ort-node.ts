import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import './noTelemetry-node.js';
import { listSupportedBackends } from 'onnxruntime-node';
import { DeviceError } from './devices.js';
import type { FallbackOptions } from './engine.js';
import { createNodeEngine } from './engine-node.js';
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

/** The devices that can really be used here: each is made to run a graph, which takes a moment. */
export function listNodeDevices(): string[] {
  return builtInDevices().filter((device) => deviceProblem(device) === null);
}

/** @throws DeviceError listing the devices there are. */
export function requireNodeDevice(device: string): void {
  const problem = deviceProblem(device);
  if (problem !== null) throw new DeviceError(device, listNodeDevices(), new Error(problem));
}

/** What this build of ONNX Runtime knows, whether or not the machine has it. */
export function builtInDevices(): string[] {
  return listSupportedBackends().map((backend) => backend.name);
}

/** Tried in a process of its own: a driver that is missing or broken may write to stderr, or abort. */
function deviceProblem(device: string): string | null {
  if (device === 'cpu') return null;
  if (!builtInDevices().includes(device)) return 'not in this build of ONNX Runtime';
  const entry = fileURLToPath(new URL('./probe-entry-node.js', import.meta.url));
  const { status, signal, stdout } = spawnSync(process.execPath, [entry, device], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  if (status === 0) return null;
  return stdout.trim() || `it ended a process by ${signal ?? `exit code ${status}`}`;
}
