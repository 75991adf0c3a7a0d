/** Chains of degradations that have a name. */
export const degradationPresets = [
  'realesrgan',
  'camera',
  'web',
  'shake',
  'defocus',
  'old-photo',
  'mixed',
] as const;

export type DegradationPreset = (typeof degradationPresets)[number];
