import type { Degradation } from '../plain.js';
import { degradationSchema } from '../schema.js';
import { camera, defocus, oldPhoto, shake, web } from './causes.js';
import { mixed } from './mixed.js';
import type { PresetTask } from './parts.js';
import type { DegradationPreset } from './presetNames.js';
import { realesrgan } from './realesrgan.js';

const presets: Readonly<Record<DegradationPreset, (task: PresetTask) => object>> = {
  realesrgan,
  camera,
  web,
  shake,
  defocus,
  'old-photo': oldPhoto,
  mixed,
};

/** Parsing takes longer than drawing, which is done for every sample. */
const parsed = new Map<string, Degradation>();

/** A preset as plain data: at a scale of 1 (nothing becomes smaller) or more, at a strength of 0 to 2 (1 as it is). */
export function presetDegradation(
  name: DegradationPreset,
  scale: number,
  strength = 1,
): Degradation {
  const key = `${name} ${scale} ${strength}`;
  const present = parsed.get(key);
  if (present) return present;
  const preset = degradationSchema.parse(presets[name]({ scale, strength }));
  parsed.set(key, preset);
  return preset;
}
