import { testNodeDevices } from './testDevices-node.js';
import type { SelfTest } from './selfTest.js';

/** A device that computes, but not what it should. */
export interface WrongDevice {
  readonly device: string;
  readonly problem: string;
}

/**
 * The fastest device of this machine whose test picture comes out as the CPU's does. `onWrong` is told of those that give
 * other numbers; that a machine lacks a device is nothing to tell.
 * @throws ModelError, ConfigError or WeightsError for a model that is absent or corrupt.
 */
export async function chooseDevice(
  model: string,
  onWrong?: (wrong: WrongDevice) => void,
): Promise<string> {
  return fastestRight(await testNodeDevices(model), onWrong);
}

/** The same, of devices that have been tested. */
export function fastestRight(
  tests: readonly SelfTest[],
  onWrong?: (wrong: WrongDevice) => void,
): string {
  for (const { device, problem, restored } of tests) {
    if (problem !== null && restored !== null) onWrong?.({ device, problem });
  }
  const speed = ({ pixelsPerSecond }: SelfTest): number => pixelsPerSecond ?? 0;
  const right = tests.filter(({ problem }) => problem === null);
  return right.toSorted((a, b) => speed(b) - speed(a))[0]?.device ?? 'cpu';
}
