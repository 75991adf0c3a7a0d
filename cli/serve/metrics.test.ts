import { expect, it } from 'vitest';
import { createMetrics } from './metrics.js';

it('writes what Prometheus reads', async () => {
  const metrics = createMetrics();
  const requests = metrics.counter('requests_total', 'Requests.');
  requests.add({ route: '/', code: 200 });
  requests.add({ route: '/', code: 200 }, 2);
  requests.add({ route: 'a"\\\n', code: 404 });
  metrics.gauge('queue', 'Waiting.', () => 3);
  metrics.gauge('unknown', 'Fails.', () => Promise.reject(new Error('no Redis')));
  const seconds = metrics.histogram('seconds', 'Time.', [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe({}, value);
  expect(await metrics.text()).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{route="/",code="200"} 3
requests_total{route="a\\"\\\\\\n",code="404"} 1
# HELP queue Waiting.
# TYPE queue gauge
queue 3
# HELP unknown Fails.
# TYPE unknown gauge
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{le="0.1"} 2
seconds_bucket{le="1"} 3
seconds_bucket{le="+Inf"} 4
seconds_sum 7.65
seconds_count 4
`);
});
