import { amount, inOrder, nothing, oneOf, quality } from './amounts.js';
import { finished, type PresetTask } from './parts.js';

/**
 * Second-order degradation of Wang et al., "Real-ESRGAN" (ICCVW 2021), with the numbers of its published options at scale 4:
 * the good picture is sharpened as well. Files are real ones where theirs are DiffJPEG.
 */
export function realesrgan(task: PresetTask): object {
  const { scale } = task;
  const first = inOrder(
    oneOf([0.9, kernels(0.2, 3, task)], [0.1, ringing(task)]),
    resizing([0.2, 0.7, 0.1], [0.15, 1.5], 'picture', task),
    oneOf([0.5, noise(1, 30, task)], [0.5, shotNoise(0.05, 3, task)]),
    jpeg(task),
  );
  const second = inOrder(
    oneOf([0.2, nothing], [0.72, kernels(0.2, 1.5, task)], [0.08, ringing(task)]),
    resizing([0.3, 0.4, 0.3], [0.3, 1.2], 'result', task),
    oneOf([0.5, noise(1, 25, task)], [0.5, shotNoise(0.05, 2.5, task)]),
  );
  const fit = { kind: 'resize', of: 'result', factor: 1, kernels: resizeKernels };
  const last = oneOf(
    [0.8, { kind: 'sinc', size: [7, 21], cutoff: [1.05, Math.PI] }],
    [0.2, nothing],
  );
  const ends = oneOf([1, inOrder(fit, last, jpeg(task))], [1, inOrder(jpeg(task), fit, last)]);
  const sharpened = { kind: 'sharpen', radius: 51, weight: 0.5, threshold: 10, lasting: true };
  return finished(scale, sharpened, first, second, ends);
}

const resizeKernels = ['box', 'bilinear', 'bicubic'];

/** The list of kernels and their probabilities, of 7 to 21 pixels. */
function kernels(low: number, high: number, { strength }: PresetTask): object {
  const sigma = amount(low, high, strength, [0.05, 20]);
  const common = { kind: 'blur', size: [7, 21], sigma };
  const generalized = { ...common, profile: 'generalized', beta: [0.5, 4] };
  const plateau = { ...common, profile: 'plateau', beta: [1, 2] };
  return oneOf(
    [0.45, common],
    [0.25, { ...common, isotropic: false }],
    [0.12, generalized],
    [0.03, { ...generalized, isotropic: false }],
    [0.12, plateau],
    [0.03, { ...plateau, isotropic: false }],
  );
}

function ringing(_: PresetTask): object {
  return { kind: 'sinc', size: [7, 21], cutoff: [0.7, Math.PI] };
}

/** Enlarged, shrunk or kept, with these probabilities, within a range of factors. */
function resizing(
  [up, down, keep]: readonly [number, number, number],
  [least, most]: readonly [number, number],
  of: 'picture' | 'result',
  _: PresetTask,
): object {
  const to = (factor: readonly [number, number]) => ({
    kind: 'resize',
    ...{ factor, of, kernels: resizeKernels },
  });
  return oneOf([up, to([1, most])], [down, to([least, 1])], [keep, to([1, 1])]);
}

function noise(low: number, high: number, { strength }: PresetTask): object {
  return { kind: 'noise', sigma: amount(low, high, strength, [0, 255]), gray: 0.4 };
}

function shotNoise(low: number, high: number, { strength }: PresetTask): object {
  return { kind: 'poisson', scale: amount(low, high, strength, [0, 10]), gray: 0.4 };
}

function jpeg({ strength }: PresetTask): object {
  return { kind: 'jpeg', quality: quality(30, 95, strength) };
}
