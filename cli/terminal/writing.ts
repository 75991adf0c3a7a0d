// What commands that write checkpoints have in common.
import type { Precision, WriteControl, WriteProgress } from '../../src/index.js';
import { interruptible } from './interrupt.js';
import { createProgressLine } from './progress.js';

export type PrecisionFlag = 'fp32' | 'fp16';

export function precisionOf(flag: PrecisionFlag): Precision {
  return flag === 'fp16' ? 'float16' : 'float32';
}

/** Runs a task that writes weights, with a progress line, until it is done or interrupted. */
export async function withWriteProgress<T>(
  output: string,
  task: (control: Required<WriteControl>) => Promise<T>,
): Promise<T> {
  const line = createProgressLine();
  const onProgress = ({ doneBytes, totalBytes }: WriteProgress): void =>
    line.update(Math.round(doneBytes / 1e6), Math.ceil(totalBytes / 1e6), `${output}, MB`);
  try {
    return await interruptible((signal) => task({ signal, onProgress }));
  } finally {
    line.clear();
  }
}
