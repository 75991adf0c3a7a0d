import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import {
  degradationPresets,
  degradationSchema,
  parseConfig,
  scaleOf,
  type Degradation,
} from '../../src/index.js';
import { UsageError } from '../terminal/failures.js';

export interface AskedDegradation {
  readonly degradation: Degradation;
  readonly scale: number;
}

/** The degradation of a preset's name or of a file, and the scale that goes with it. */
export async function readDegradation(
  name: string,
  scale: number | undefined,
  strength: number | undefined,
): Promise<AskedDegradation> {
  const preset = degradationPresets.find((known) => known === name);
  if (preset) {
    const degradation = { kind: 'preset', name: preset, strength: strength ?? 1 } as const;
    return { degradation, scale: scale ?? 4 };
  }
  const degradation = parseConfig(degradationSchema, await readPlain(name), name);
  if (strength !== undefined && degradation.kind !== 'preset') {
    throw new UsageError(`--strength: expected a preset to make stronger, got ${name}`);
  }
  const own = scaleOf(degradation);
  if (own !== null && scale !== undefined && scale !== own) {
    throw new UsageError(`--scale: expected ${own}, as ${name} shrinks, got ${scale}`);
  }
  const found = scale ?? own ?? 4;
  if (!Number.isInteger(found)) {
    throw new UsageError(`${name}: expected a scale that is a whole number, got ${found}`);
  }
  return { degradation, scale: found };
}

async function readPlain(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const presets = degradationPresets.join(', ');
    throw new UsageError(`--degradation: expected a file or one of ${presets}, got ${path}`, {
      cause: error,
    });
  });
  try {
    return parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
}
