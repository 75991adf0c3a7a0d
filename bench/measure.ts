// What benches measure with.
import { elementCount, Random, tensor, type Feeds, type NamedValue, type Tensor } from 'nanosd';

/** Standard normal numbers for values of a graph, and the same one everywhere for whole numbers. */
export function randomFeeds(values: readonly NamedValue[]): Feeds {
  const random = Random.seeded(1);
  const feed = ({ name, shape, dtype }: NamedValue): [string, Tensor] => {
    const length = elementCount(shape);
    return dtype === 'int64'
      ? [name, tensor('int64', shape, new BigInt64Array(length).fill(7n))]
      : [name, tensor('float32', shape, random.normals(length))];
  };
  return Object.fromEntries(values.map(feed));
}

/** The median time of some runs, after one that does not count. */
export async function medianMs(runs: number, task: () => Promise<unknown>): Promise<number> {
  await task();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const begun = performance.now();
    await task();
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b)[runs >> 1];
}

/** The most memory that this process has had so far. */
export function peakBytes(): number {
  // Kibibytes, whatever the system counts in.
  return process.resourceUsage().maxRSS * 1024;
}
