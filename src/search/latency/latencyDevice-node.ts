import { availableParallelism, cpus } from 'node:os';
import process from 'node:process';
import { env } from 'onnxruntime-node';
import type { LatencyDevice } from './latencyTable.js';

export interface DescribedDevice {
  /** `cpu`, `webgpu`, `wasm`, ... */
  readonly name: string;
  readonly threads?: number;
  /** When it is measured. */
  readonly date: Date;
}

/** What a latency table says of a device of this machine. */
export function describeDevice({ name, threads, date }: DescribedDevice): LatencyDevice {
  return {
    name,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    ...(threads === undefined ? {} : { threads }),
    platform: `${process.platform} ${process.arch}`,
    runtime: name === 'wasm' ? 'onnxruntime-web' : 'onnxruntime-node',
    // Each of the runtime's packages goes with this package of the same version.
    runtime_version: env.versions.common,
    date: date.toISOString(),
  };
}
