import type { RestoredStream, RestoreFileOptions } from '../../src/node.js';
import { ApiError } from './apiError.js';
import { contentTypes, type Assignment } from './assignment.js';
import type { ResultInfo } from './jobs.js';
import type { ServiceMetrics } from './serviceMetrics.js';
import type { Task, Workbench } from './workbench.js';

/** What restoring needs of a server. */
export interface RestoreContext {
  readonly bench: Workbench;
  readonly metrics: ServiceMetrics;
  /** Hears of faults of the program, which clients are told nothing of. */
  readonly onFault: (error: unknown) => void;
}

export interface RestoreEvents {
  readonly onStart?: () => void;
  readonly onProgress?: RestoreFileOptions['onProgress'];
}

/** An assignment as a task of the workbench, which counts what it does. */
export function restoreTask(
  { metrics }: RestoreContext,
  { photo, restorer, format, options, input }: Assignment,
  { onStart, onProgress }: RestoreEvents = {},
): Task<RestoredStream> {
  const submitted = performance.now();
  return {
    async run(signal) {
      const start = performance.now();
      metrics.waitSeconds.observe({}, (start - submitted) / 1000);
      onStart?.();
      const file = await restorer.restoreStream(photo, format, {
        ...options,
        signal,
        ...(onProgress && { onProgress }),
      });
      metrics.restoreSeconds.observe({}, (performance.now() - start) / 1000);
      metrics.inputPixels.add({}, input.width * input.height * input.frames);
      metrics.outputPixels.add({}, file.width * file.height * file.frames);
      return file;
    },
    late(seconds) {
      const message = `expected to restore the photo within ${seconds} s; send a smaller one`;
      return new ApiError(503, 'timeout', message);
    },
  };
}

/** What clients are told of a result. */
export function resultInfo(
  { restorer, format, options }: Assignment,
  file: RestoredStream,
): ResultInfo {
  const { width, height, frames, lost, size } = file;
  const { model, device } = restorer;
  const fidelity = options.fidelity ?? restorer.fidelity;
  return {
    type: contentTypes[format],
    bytes: size,
    ...{ width, height, frames, lost },
    ...{ model: model.name, task: model.task, device },
    ...(fidelity !== undefined && { fidelity }),
    ms: Math.round(file.ms),
  };
}
