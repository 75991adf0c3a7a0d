import {
  degradedSubjects,
  listImagePairs,
  loneSubjects,
  pairedSubjects,
  type Subject,
} from '../../src/node.js';
import { readDegradation } from '../degrade/degradation.js';
import { UsageError } from '../terminal/failures.js';
import type { EvalFlags } from './evalFlags.js';

/**
 * What the flags ask to restore: pairs, originals that are degraded on the fly, or pictures without originals.
 * @throws UsageError, ConfigError, ImageFileError.
 */
export async function openSubjects(flags: EvalFlags, scale: number): Promise<Subject[]> {
  const { hr, lr, degradation, seed } = flags;
  if (degradation !== undefined) {
    if (hr === undefined) throw new UsageError('expected --hr, the originals to degrade');
    if (lr !== undefined) {
      throw new UsageError('expected either --lr or --degradation, which makes it, got both');
    }
    const asked = await readDegradation(degradation, scale, undefined);
    return degradedSubjects(hr, { ...asked, seed });
  }
  if (hr !== undefined) return pairedSubjects(await listImagePairs(hr, lr ?? hr), scale);
  if (lr !== undefined) return loneSubjects(lr);
  throw new UsageError('expected --hr, the originals, or --lr, pictures without originals');
}
