import { amount, inOrder, nothing, oneOf } from './amounts.js';
import {
  cameraNoise,
  finished,
  savedFile,
  sharpening,
  shrink,
  softness,
  whiteNoise,
  type PresetTask,
} from './parts.js';

/** A bit of everything that photographs suffer from: what enlarging (scale 2, 4) and cleaning (1) learn from. */
export function mixed(task: PresetTask): object {
  return task.scale === 1 ? mixedForCleaning(task) : mixedForEnlarging(task);
}

function mixedForEnlarging(task: PresetTask): object {
  const { scale, strength } = task;
  const noise = oneOf(
    [0.2, nothing],
    [0.24, whiteNoise(0, 12, task)],
    [0.08, whiteNoise(12, 25, task)],
    [0.15, { kind: 'poisson', scale: amount(0.05, 1.2, strength, [0, 10]), gray: 0.3 }],
    [0.33, cameraNoise(2e-3, 0.5, task)],
  );
  const worse = inOrder(
    oneOf([0.12, nothing], [0.88, softness(0.075, 0.625, task)]),
    shrink(0.12),
    noise,
    oneOf([0.82, nothing], [0.13, sharpening(0.2, 0.9, task)], [0.05, filmGrain(task)]),
    savedFile(18, 95, 0.33, task),
  );
  return finished(scale, oneOf([0.12, { kind: 'bicubic', scale }], [0.88, worse]));
}

function mixedForCleaning(task: PresetTask): object {
  const { strength } = task;
  const noise = oneOf(
    [0.12, nothing],
    [0.2, whiteNoise(0, 25, task, 0.1)],
    [0.14, whiteNoise(25, 50, task, 0.1)],
    [0.06, { kind: 'poisson', scale: amount(0.1, 2, strength, [0, 10]), gray: 0.2 }],
    [0.48, cameraNoise(8e-3, 0.6, task)],
  );
  const worse = inOrder(
    oneOf([0.6, nothing], [0.4, softness(0.2, 0.8, task)]),
    noise,
    oneOf([0.85, nothing], [0.1, sharpening(0.2, 0.8, task)], [0.05, filmGrain(task)]),
    savedFile(8, 95, 0.3, task),
  );
  return finished(1, oneOf([0.08, nothing], [0.92, worse]));
}

function filmGrain({ strength }: PresetTask): object {
  return { kind: 'grain', sigma: amount(2, 12, strength, [0, 255]), size: [0.3, 1] };
}
