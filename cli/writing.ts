// What commands that write checkpoints have in common.
import type { Precision } from '../src/index.js';
import type { WriteCheckpointOptions } from '../src/node.js';
import { interruptible } from './interrupt.js';
import { createProgressLine } from './progress.js';

export type PrecisionFlag = 'fp32' | 'fp16';

export function precisionOf(flag: PrecisionFlag): Precision {
  return flag === 'fp16' ? 'float16' : 'float32';
}

/** Runs a task that writes weights, with a progress line, until it is interrupted; gives the bytes written. */
export async function withWriteProgress(
  output: string,
  task: (options: Required<Pick<WriteCheckpointOptions, 'signal' | 'onProgress'>>) => Promise<void>,
): Promise<number> {
  const line = createProgressLine();
  let bytes = 0;
  try {
    await interruptible((signal) =>
      task({
        signal,
        onProgress: ({ doneBytes, totalBytes }) => {
          bytes = doneBytes;
          line.update(Math.round(doneBytes / 1e6), Math.ceil(totalBytes / 1e6), `${output}, MB`);
        },
      }),
    );
  } finally {
    line.clear();
  }
  return bytes;
}
