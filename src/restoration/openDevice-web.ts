import type { Executor } from '../graph/index.js';
import { DeviceError } from '../runtime/devices.js';
import { createWebExecutor, listWebDevices, type WebExecutorOptions } from '../runtime/ort-web.js';
import { checkDevice, type SelfTestModel } from './selfTest.js';
import { yieldingExecutor } from './yielding-web.js';

/** The CPU, which is what the others are compared with. */
const cpu = 'wasm';

export interface OpenDeviceOptions extends WebExecutorOptions {
  /** Also `auto`: the GPU where its numbers are right, else the CPU. */
  readonly device?: string;
  /** Allows the CPU to take the place of a device that cannot be used, and is told why. */
  readonly onDeviceFallback?: (rejected: RejectedDevice) => void;
}

export interface RejectedDevice {
  readonly device: string;
  readonly problem: string;
}

/**
 * An executor whose numbers have been compared with the CPU's, on the network it is to run.
 * @throws DeviceError when the device cannot be used, or gives other numbers, and no fallback is allowed.
 */
export async function openDevice(
  { onDeviceFallback, ...options }: OpenDeviceOptions,
  model: SelfTestModel,
): Promise<Executor> {
  const { device = cpu } = options;
  if (device === cpu) return openExecutor(cpu, options);
  if (device === 'auto') {
    const hasGpu = (await listWebDevices()).includes('webgpu');
    return openTested(hasGpu ? 'webgpu' : cpu, options, model, onDeviceFallback ?? ignore);
  }
  return openTested(device, options, model, onDeviceFallback);
}

function ignore(): void {}

async function openTested(
  device: string,
  options: WebExecutorOptions,
  model: SelfTestModel,
  onDeviceFallback: OpenDeviceOptions['onDeviceFallback'],
): Promise<Executor> {
  const reference = await openExecutor(cpu, options);
  if (device === cpu) return reference;
  try {
    const executor = await openExecutor(device, options);
    const { restored } = await checkDevice(reference, model);
    const { problem } = await checkDevice(executor, model, restored ?? undefined);
    if (problem === null) return executor;
    throw new DeviceError(device, [cpu], new Error(problem));
  } catch (error) {
    if (!(error instanceof DeviceError) || !onDeviceFallback) throw error;
    onDeviceFallback({ device, problem: problemOf(error) });
    return reference;
  }
}

function problemOf({ cause, message }: DeviceError): string {
  return cause instanceof Error ? cause.message : message;
}

async function openExecutor(device: string, options: WebExecutorOptions): Promise<Executor> {
  return yieldingExecutor(await createWebExecutor({ ...options, device }));
}
