import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as OrtNode from 'onnxruntime-node';
import './noTelemetry-node.js';
import { DeviceError } from './devices.js';

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
  // Where only a compute thread needs the engine, this thread need not wait for it.
  const engine = createRequire(import.meta.url)('onnxruntime-node') as typeof OrtNode;
  return engine.listSupportedBackends().map((backend) => backend.name);
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
