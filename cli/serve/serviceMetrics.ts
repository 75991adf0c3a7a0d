import type { Holdings } from './body.js';
import { createMetrics, labelText, type Counter, type Histogram } from './metrics.js';
import type { Workbench } from './workbench.js';

/** What a server counts. */
export interface ServiceMetrics {
  readonly requests: Counter;
  readonly requestSeconds: Histogram;
  readonly restoreSeconds: Histogram;
  readonly waitSeconds: Histogram;
  readonly inputPixels: Counter;
  readonly outputPixels: Counter;
  inFlight: number;
  text(): Promise<string>;
}

export interface Measured {
  readonly bench: Workbench;
  readonly holdings: Holdings;
  /** Jobs by status. */
  readonly jobCounts: () => Promise<ReadonlyMap<string, number>>;
  readonly version: string;
}

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createServiceMetrics({ bench, holdings, jobCounts, version }: Measured) {
  const metrics = createMetrics();
  const info = new Map([[labelText({ version, node: process.version }), 1]]);
  metrics.gauge('nanosd_build_info', 'What runs.', () => info);
  metrics.gauge('nanosd_requests_in_flight', 'Requests that have not been answered.', () => {
    return counted.inFlight;
  });
  metrics.gauge('nanosd_queue_waiting', 'Photos that wait for their turn.', () => bench.waiting);
  metrics.gauge('nanosd_queue_running', 'Photos that are being restored.', () => bench.running);
  metrics.gauge('nanosd_upload_bytes', 'Bytes of uploads in memory.', () => holdings.bytes);
  metrics.gauge('nanosd_jobs', 'Jobs that are remembered, by status.', async () => {
    return new Map(
      [...(await jobCounts())].map(([status, count]) => [labelText({ status }), count]),
    );
  });
  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () =>
    process.memoryUsage.rss(),
  );
  metrics.gauge('process_cpu_seconds', 'CPU time used, all threads.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const counted: ServiceMetrics = {
    requests: metrics.counter('nanosd_requests_total', 'Requests, by route, method and code.'),
    requestSeconds: metrics.histogram(
      'nanosd_request_seconds',
      'From the first byte of a request to the last of its answer.',
      seconds,
    ),
    restoreSeconds: metrics.histogram(
      'nanosd_restore_seconds',
      'Decoding, restoring and encoding of one photo.',
      seconds,
    ),
    waitSeconds: metrics.histogram('nanosd_wait_seconds', 'Waiting for a turn.', seconds),
    inputPixels: metrics.counter('nanosd_input_pixels_total', 'Pixels of photos restored.'),
    outputPixels: metrics.counter('nanosd_output_pixels_total', 'Pixels of results.'),
    inFlight: 0,
    text: () => metrics.text(),
  };
  return counted;
}
