import { availableParallelism } from 'node:os';
import { stagedUnetOf } from '../../models/index.js';
import { openCheckpoint } from '../../models/openCheckpoint-node.js';
import { createWorkerExecutor, type WorkerExecutor } from '../../runtime/worker-node.js';
import { openQualityMeter, type Quality, type QualitySettings } from './qualityMeter-node.js';
import type { SampleOptions } from './sampleLatents.js';

export interface ComputeOptions {
  /** `cpu` unless given. */
  readonly device?: string;
  /** Threads in all; by default as many as there are cores. */
  readonly threads?: number;
}

/** Executors that compute side by side, and end together. */
export interface ExecutorPool extends AsyncDisposable {
  readonly executors: readonly WorkerExecutor[];
}

/** On the CPU one for each thread, as whole batches side by side keep all cores busy; one on any other device. */
export function openExecutorPool({ device = 'cpu', threads }: ComputeOptions = {}): ExecutorPool {
  const count = device === 'cpu' ? (threads ?? availableParallelism()) : 1;
  const executors = Array.from({ length: count }, () =>
    createWorkerExecutor({ device, threads: 1 }),
  );
  return {
    executors,
    async [Symbol.asyncDispose]() {
      for (const executor of executors) await executor[Symbol.asyncDispose]();
    },
  };
}

/** What `measureQuality` gives for each student. */
export interface MeasuredQuality extends Quality {
  /** The `taFD` of the teacher from itself with other seeds. */
  readonly floor: number;
}

/**
 * How far the samples of the U-Nets of checkpoints are from those of their teacher, one after the other, with the
 * teacher's VAE: what `nanosd search` minimises.
 * @throws ModelError, ConfigError or WeightsError for what is absent or does not fit; the signal's reason when
 * aborted.
 */
export async function* measureQuality(
  teacher: string,
  students: Iterable<string>,
  settings: QualitySettings & ComputeOptions = {},
  options: SampleOptions = {},
): AsyncGenerator<MeasuredQuality> {
  await using checkpoint = await openCheckpoint(teacher);
  await using pool = openExecutorPool(settings);
  await using meter = await openQualityMeter(checkpoint, pool.executors, settings, options);
  for (const path of students) {
    await using student = await openCheckpoint(path);
    const { network, weights } = student.unet;
    const quality = await meter.measure({ config: stagedUnetOf(network), weights }, options);
    yield { ...quality, floor: meter.floor };
  }
}
