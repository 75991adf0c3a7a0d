// What Prometheus reads: https://prometheus.io/docs/instrumenting/exposition_formats/

/** Values of a metric's labels, all from short lists of our own: every combination stays in memory. */
export type Labels = Readonly<Record<string, string | number>>;

export interface Counter {
  add(labels: Labels, amount?: number): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** One value, or several by `labelText`. */
export type GaugeValue = number | ReadonlyMap<string, number>;

export interface Metrics {
  counter(name: string, help: string): Counter;
  /** Read when it is asked for, and left out where that fails. */
  gauge(name: string, help: string, read: () => GaugeValue | Promise<GaugeValue>): void;
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** All of them, in Prometheus' text format. */
  text(): Promise<string>;
}

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

type Lines = () => string[] | Promise<string[]>;

export function createMetrics(): Metrics {
  const printers: (() => Promise<string[]>)[] = [];
  const register = (name: string, help: string, type: string, lines: Lines): void => {
    printers.push(async () => {
      const head = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
      return [...head, ...(await lines())];
    });
  };
  return {
    counter(name, help) {
      const values = new Map<string, number>();
      register(name, help, 'counter', () => [...values].map(([key, n]) => `${name}${key} ${n}`));
      return {
        add(labels, amount = 1) {
          const key = labelText(labels);
          values.set(key, (values.get(key) ?? 0) + amount);
        },
      };
    },
    gauge(name, help, read) {
      register(name, help, 'gauge', async () => {
        const value = await Promise.resolve()
          .then(read)
          .catch(() => new Map<string, number>());
        if (typeof value === 'number') return [`${name} ${value}`];
        return [...value].map(([key, n]) => `${name}${key} ${n}`);
      });
    },
    histogram(name, help, bounds) {
      const series = new Map<string, { labels: Labels; counts: number[]; sum: number }>();
      register(name, help, 'histogram', () =>
        [...series.values()].flatMap((one) => histogramLines(name, bounds, one)),
      );
      return {
        observe(labels, value) {
          const key = labelText(labels);
          const one = series.get(key) ?? { labels, counts: bounds.map(() => 0).concat(0), sum: 0 };
          series.set(key, one);
          const at = bounds.findIndex((bound) => value <= bound);
          one.counts[at < 0 ? bounds.length : at]++;
          one.sum += value;
        },
      };
    },
    async text() {
      const lines = await Promise.all(printers.map((print) => print()));
      return `${lines.flat().join('\n')}\n`;
    },
  };
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, counts, sum }: { labels: Labels; counts: readonly number[]; sum: number },
): string[] {
  let total = 0;
  const buckets = counts.map((count, i) => {
    total += count;
    return `${name}_bucket${labelText({ ...labels, le: bounds[i] ?? '+Inf' })} ${total}`;
  });
  const key = labelText(labels);
  return [...buckets, `${name}_sum${key} ${sum}`, `${name}_count${key} ${total}`];
}

/** `{a="1",b="2"}`, or nothing. */
export function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
