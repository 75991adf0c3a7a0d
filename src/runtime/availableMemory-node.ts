import { freemem, totalmem } from 'node:os';
import { constrainedMemory, memoryUsage } from 'node:process';

/** Bytes that this process can still use: what the machine has free, or a container's limit leaves. */
export function availableMemory(): number {
  const limit = constrainedMemory() ?? 0;
  // Where there is no limit, some systems report 0 and others a number beyond the machine's memory.
  const isLimited = limit > 0 && limit < totalmem();
  const left = isLimited ? limit - memoryUsage.rss() : Infinity;
  return Math.max(0, Math.min(freemem(), left));
}
