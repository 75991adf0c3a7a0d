/** Two numbers to be minimised, such as a Frechet distance and a latency. */
export type Objectives = readonly [number, number];

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: Objectives, b: Objectives): boolean {
  return a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
}

/**
 * The items that no other dominates, by rising first objective; of items with equal objectives all are kept, in
 * the order they came in. O(n log n).
 */
export function paretoFront<T>(
  items: readonly T[],
  objectivesOf: (item: T) => Objectives,
): readonly T[] {
  const rows = items.map((item) => ({ item, objectives: objectivesOf(item) }));
  rows.sort((a, b) => a.objectives[0] - b.objectives[0] || a.objectives[1] - b.objectives[1]);
  const front: typeof rows = [];
  for (const row of rows) {
    const last = front.at(-1)?.objectives;
    const equal = last?.[0] === row.objectives[0] && last[1] === row.objectives[1];
    if (!last || row.objectives[1] < last[1] || equal) front.push(row);
  }
  return front.map(({ item }) => item);
}

/**
 * The area that the points dominate below a reference point, both objectives being minimised; points that do
 * not dominate the reference add nothing.
 */
export function hypervolume(points: readonly Objectives[], reference: Objectives): number {
  let area = 0;
  let height = reference[1];
  for (const [x, y] of paretoFront(points, (point) => point)) {
    if (x >= reference[0] || y >= height) continue;
    area += (reference[0] - x) * (height - y);
    height = y;
  }
  return area;
}
