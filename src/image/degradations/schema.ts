// The plain form of a degradation, as a training config holds it: every number that is drawn may be given as
// one number or as [low, high], and what has a customary value may be left out.

import { z } from 'zod';
import { kinds } from './kinds/kinds.js';
import type { Degradation } from './plain.js';
import { degradationPresets } from './presets/presetNames.js';

const expectedPreset = `expected a preset (${degradationPresets.join(', ')})`;

const choice = z.strictObject({
  kind: z.literal('choice'),
  get of() {
    const option = { weight: z.number().positive().default(1), step: degradationSchema };
    return z.array(z.strictObject(option)).min(1);
  },
});

const sequence = z.strictObject({
  kind: z.literal('sequence'),
  scale: z.number().positive().nullable().default(null),
  get steps() {
    return z.array(degradationSchema);
  },
});

const preset = z.strictObject({
  kind: z.literal('preset'),
  name: z.enum(degradationPresets, { error: expectedPreset }),
  strength: z.number().min(0).max(2).default(1),
});

const leaves = Object.values(kinds).map(({ schema }) => schema);

const anyKind = z.discriminatedUnion('kind', [choice, sequence, preset, ...leaves]);

/** Parses the plain form of a degradation; a preset's name alone is that preset. */
export const degradationSchema: z.ZodType<Degradation> = z.preprocess((plain, context) => {
  if (typeof plain !== 'string') return plain;
  if (degradationPresets.some((name) => name === plain)) return { kind: 'preset', name: plain };
  context.issues.push({ code: 'custom', message: expectedPreset, input: plain });
  return z.NEVER;
}, anyKind);
