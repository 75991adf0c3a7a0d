// npm run check:serve: 200 clients at a time for a minute, then 2,000 malformed requests, on the loopback.
// npm run check:serve -- --seconds 10 --requests 200 -m MODEL
import { parseArgs } from 'node:util';
import { Random } from 'nanosd';
import { fuzz } from './fuzz.js';
import { load } from './load.js';
import { makePhotos } from './photos.js';
import { startServer, type ServerProcess } from './serverProcess.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string', short: 'm', default: 'sr-x4' },
    connections: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '60' },
    requests: { type: 'string', default: '2000' },
  },
});
const [connections, seconds, requests] = [values.connections, values.seconds, values.requests].map(
  Number,
);

/** What memory may grow by once a server has met everything: allocators keep what they had. */
const GROWTH = 1.1;
const problems: string[] = [];
const expect = (holds: boolean, what: string): void => {
  if (!holds) problems.push(what);
};

const random = Random.seeded(7);
const photos = await makePhotos(random, values.model);

async function checkCalm(server: ServerProcess): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(server.isAlive(), 'the server runs');
  for (const name of ['nanosd_queue_running', 'nanosd_queue_waiting', 'nanosd_upload_bytes']) {
    expect((await server.metric(name)) === 0, `${name} is 0`);
  }
  for (const { name, bytes, expected } of photos) {
    const body = new Uint8Array(bytes);
    const answer = await fetch(new URL('/v1/restore', server.url), { method: 'POST', body });
    const same = Buffer.from(await answer.arrayBuffer()).equals(expected);
    expect(same, `${name} is restored as by the command`);
  }
  expect(server.faults().length === 0, `no faults, got ${server.faults().join(' ')}`);
}

if (seconds > 0) {
  await using server = await startServer(['-m', values.model]);
  const report = await load(server, photos, connections, seconds);
  console.log(`${connections} clients for ${seconds} s:`, report);
  const bad = Object.keys(report.codes).filter((code) => /^5/.test(code) && code !== '503');
  expect(bad.length === 0, `no 5xx but 503, got ${bad.join(', ')}`);
  expect((report.codes[200] ?? 0) > 0, 'photos are restored');
  expect(report.errors === 0, `no broken connections, got ${report.errors}`);
  expect(report.wrong.length === 0, `answers are the command's, got ${report.wrong.length} others`);
  const [, second, , fourth] = report.rss.quarters;
  expect(fourth <= second * GROWTH, `memory is flat, got ${second} to ${fourth} MB`);
  await checkCalm(server);
  // The last answer's file is removed once its last byte has gone.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const left = await server.leftovers();
  expect(left.length === 0, `no file is left behind, got ${left.join(', ')}`);
  expect((await server.stop()) === 0, 'the server stops cleanly');
}

if (requests > 0) {
  await using server = await startServer([
    '-m',
    values.model,
    '--max-pixels',
    '1MP',
    '--keep',
    '5',
  ]);
  const report = await fuzz(server, photos, random, requests);
  console.log(`${requests} malformed requests:`, report);
  expect(report.wrong.length === 0, `no failure or hang, got ${report.wrong.join('; ')}`);
  const [, second, , fourth] = report.rss;
  expect(fourth <= second * GROWTH, `memory is flat, got ${second} to ${fourth} MB`);
  await checkCalm(server);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const left = await server.leftovers();
  expect(left.length === 0, `no file is left behind, got ${left.join(', ')}`);
  expect((await server.stop()) === 0, 'the server stops cleanly');
}

if (problems.length > 0) {
  console.error(`expected:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
  process.exitCode = 1;
} else console.log('all as it should be');
