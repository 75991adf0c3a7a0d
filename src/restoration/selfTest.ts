import type { Executor } from '../graph/index.js';
import { createImage, type Image } from '../image/index.js';
import { reasonOf } from '../runtime/devices.js';
import { Random, type Weights } from '../tensor/index.js';
import { createRestorer, type Restorer } from './createRestorer.js';
import type { RestoringNetwork } from './restorationGraph.js';

/** Two of 256 levels: nobody sees it, and float16 stays below it. */
const TOLERANCE = 2 / 255;
const SIDE = 64;
const TIMED_RUNS = 3;

/** What a device made of a picture that is known beforehand. */
export interface DeviceCheck {
  readonly device: string;
  /** What is wrong with its numbers; null where they can be relied on. */
  readonly problem: string | null;
  /** The largest difference from what was expected, in [0, 1]; null where it gave no numbers. */
  readonly maxError: number | null;
  /** The restored picture, which another device's can be compared with. */
  readonly restored: Image | null;
}

export interface SelfTest extends DeviceCheck {
  /** Input pixels that it restores in a second, in tiles of 64 x 64. */
  readonly pixelsPerSecond: number | null;
}

export interface SelfTestModel {
  readonly config: RestoringNetwork;
  readonly weights: Weights;
}

/**
 * Restores a test picture on a device and compares it with `expected` (that of the CPU; none compares nothing).
 * What the device throws is its problem, not ours.
 */
export function checkDevice(
  executor: Executor,
  model: SelfTestModel,
  expected?: Image,
): Promise<DeviceCheck> {
  return withRestorer(executor, model, (restorer, picture) =>
    compare(executor.device, restorer, picture, expected),
  );
}

/** The same, and how fast the device is where its numbers are right. */
export async function selfTest(
  executor: Executor,
  model: SelfTestModel,
  expected?: Image,
): Promise<SelfTest> {
  let pixelsPerSecond: number | null = null;
  const check = await withRestorer(executor, model, async (restorer, picture) => {
    const compared = await compare(executor.device, restorer, picture, expected);
    if (compared.problem === null) pixelsPerSecond = await measureSpeed(restorer, picture);
    return compared;
  });
  return { ...check, pixelsPerSecond };
}

async function withRestorer(
  executor: Executor,
  { config, weights }: SelfTestModel,
  test: (restorer: Restorer, picture: Image) => Promise<DeviceCheck>,
): Promise<DeviceCheck> {
  try {
    await using restorer = createRestorer({ executor, config, weights });
    return await test(restorer, testPicture(config.inChannels));
  } catch (error) {
    const problem = error instanceof Error ? reasonOf(error) : String(error);
    return { device: executor.device, problem, maxError: null, restored: null };
  }
}

async function compare(
  device: string,
  restorer: Restorer,
  picture: Image,
  expected: Image | undefined,
): Promise<DeviceCheck> {
  const restored = await restorer.restore(picture);
  return { device, ...comparePictures(restored, expected ?? restored), restored };
}

async function measureSpeed(restorer: Restorer, picture: Image): Promise<number> {
  let fastest = Infinity;
  for (let i = 0; i < TIMED_RUNS; i++) {
    const start = performance.now();
    await restorer.restore(picture);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return (1000 * SIDE * SIDE) / fastest;
}

/** What tells a device's result from the one expected, in words; no problem where nobody could see it. */
export function comparePictures(
  result: Image,
  expected: Image,
): { readonly problem: string | null; readonly maxError: number | null } {
  if (!result.data.every(Number.isFinite)) {
    return { problem: 'its results are not numbers (NaN or infinite)', maxError: null };
  }
  const errors = result.data.map((value, i) => Math.abs(value - expected.data[i]));
  const maxError = errors.reduce((largest, error) => Math.max(largest, error), 0);
  if (maxError <= TOLERANCE) return { problem: null, maxError };
  const problem = result.data.every((value) => value === 0)
    ? 'its results are black'
    : `its results are off by up to ${Math.round(maxError * 255)} of 255 levels`;
  return { problem, maxError };
}

/** Slopes, an edge and noise: something for every part of a network to do. */
function testPicture(channels: number): Image {
  const random = Random.seeded(7);
  const data = Float32Array.from({ length: channels * SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE) % SIDE];
    const edge = x > y ? 0.25 : 0;
    return 0.1 + (0.4 * x) / SIDE + edge + 0.2 * random.uniform();
  });
  return createImage(SIDE, SIDE, channels, data);
}
