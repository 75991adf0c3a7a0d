// What the page and Node compute in turns, and how either is timed.
import {
  float32,
  GraphBuilder,
  Random,
  restorationGraph,
  type Graph,
  type RestorerConfig,
  type Session,
  type Tensor,
} from '../../src/index.js';

export type Workload =
  /** A restorer, for pictures of `side` times `side` pixels. */
  | { readonly kind: 'network'; readonly config: RestorerConfig; readonly side: number }
  /** One product of two matrices, the second of which stays from run to run: the most a processor can do. */
  | { readonly kind: 'product'; readonly side: number };

export function workloadGraph(workload: Workload): Graph {
  const { side } = workload;
  if (workload.kind === 'network') return restorationGraph(workload.config, side, side);
  const b = new GraphBuilder();
  const x = b.input('sample', [side, side]);
  return b.build({ product: b.matmul(x, b.param('weight', [side, side])) });
}

export function noise(shape: readonly number[]): Tensor {
  const random = Random.seeded(1);
  const length = shape.reduce((product, side) => product * side, 1);
  return float32(
    shape,
    Array.from({ length }, () => random.uniform()),
  );
}

/** The milliseconds of each of `count` runs. */
export async function timeRuns(
  session: Session,
  workload: Workload,
  count: number,
): Promise<number[]> {
  const { inputs } = workloadGraph(workload);
  const feeds = Object.fromEntries(inputs.map(({ name, shape }) => [name, noise(shape)]));
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  return times;
}
