// Presets of one cause each.

import { amount, inOrder, nothing, oneOf, quality } from './amounts.js';
import {
  cameraNoise,
  finished,
  jpegFile,
  savedFile,
  sharpening,
  shrink,
  softness,
  whiteNoise,
  type PresetTask,
} from './parts.js';

/** Noise of cameras, as raw converters and phones leave it, and their files. */
export function camera(task: PresetTask): object {
  return finished(
    task.scale,
    oneOf([0.5, nothing], [0.5, softness(0.1, 0.5, task)]),
    shrink(0.05),
    cameraNoise(0.012, 0.6, task),
    savedFile(60, 97, 0.35, task),
  );
}

/** What pictures go through on the web: shrunk, sharpened and compressed by one program after the other. */
export function web(task: PresetTask): object {
  const { strength } = task;
  const passedOn = inOrder(
    { kind: 'resize', factor: [0.6, 1.1], kernels: ['bicubic', 'bilinear', 'box'], aliased: 0.3 },
    jpegFile(30, 90, task),
    shrink(0.2),
  );
  const files = oneOf(
    [0.4, jpegFile(15, 90, task)],
    [0.34, inOrder(jpegFile(25, 92, task), jpegFile(15, 90, task))],
    [0.16, { kind: 'webp', quality: quality(20, 90, strength) }],
    [0.03, { kind: 'avif', quality: quality(25, 75, strength) }],
    [0.07, { kind: 'palette' }],
  );
  return finished(
    task.scale,
    oneOf([0.7, nothing], [0.3, softness(0.1, 0.6, task)]),
    shrink(0.3),
    oneOf([0.6, nothing], [0.4, sharpening(0.3, 2, task)]),
    oneOf([0.9, nothing], [0.1, { kind: 'half_chroma' }]),
    oneOf([0.6, nothing], [0.4, passedOn]),
    files,
  );
}

/** Camera shake, then the noise of dim light. Paths are in pixels of the good picture. */
export function shake(task: PresetTask): object {
  const extent = amount(5, 35, task.strength, [0.5, 200]);
  return finished(task.scale, { kind: 'motion', extent }, shrink(0), ...dimLight(task));
}

/** A lens out of focus. Radii are in pixels of the good picture. */
export function defocus(task: PresetTask): object {
  const radius = amount(1, 6, task.strength, [0.3, 50]);
  const even = { kind: 'defocus', radius };
  const varying = { ...even, variation: [0.1, 0.5] };
  return finished(task.scale, oneOf([0.7, even], [0.3, varying]), shrink(0), ...dimLight(task));
}

function dimLight(task: PresetTask): object[] {
  return [
    oneOf([0.3, nothing], [0.25, whiteNoise(0, 8, task)], [0.45, cameraNoise(3e-3, 0.4, task)]),
    savedFile(50, 97, 0.4, task),
  ];
}

/** Old prints and their scans: faded for good, soft, grainy, now and then printed with dots. */
export function oldPhoto(task: PresetTask): object {
  const { strength } = task;
  const grain = (gray: number) => ({
    ...{ kind: 'grain', sigma: amount(4, 28, strength, [0, 255]), size: [0.4, 1.5], gray },
  });
  // From what is left of all at full strength.
  const least = (full: number) => [Math.max(full / 1.5, 1 - (1 - full) * strength), 1];
  const print = oneOf(
    [0.8, nothing],
    [0.1, { kind: 'halftone', amount: amount(0.1, 0.4, strength, [0, 1]) }],
    [0.1, { kind: 'scan_lines', depth: amount(0.03, 0.15, strength, [0, 1]) }],
  );
  const faded = {
    ...{ kind: 'fade', black: amount(0, 0.2, strength, [0, 0.5]), white: least(0.75) },
    saturation: least(0),
  };
  return finished(
    task.scale,
    oneOf([0.3, nothing], [0.7, faded]),
    softness(0.2, 1.2, task),
    shrink(0),
    oneOf([0.5, grain(1)], [0.4, grain(0)], [0.1, nothing]),
    print,
    savedFile(40, 96, 0.3, task),
  );
}
