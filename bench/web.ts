// WebAssembly in the browser against the CPU in Node: the same network, picture and number of threads, in turns.
// npm run bench -- web [MODEL]
import { fileURLToPath } from 'node:url';
import { float32, Random, restorationGraph, toFloat32, type Session } from 'nanosd';
import {
  createNodeExecutor,
  openRestorerFolder,
  readRestorerWeights,
  type RestorerFolder,
} from 'nanosd/node';
import { openPage, servePage, type OpenPage } from '../test/browser/chromium.js';
import type {} from './web/page.js';

const threads = 2;
const cases = [
  { side: 128, rounds: 8, count: 6 },
  { side: 256, rounds: 5, count: 3 },
] as const;

/** Prints a line a size. */
export async function benchWeb([model = 'sr-x4']: readonly string[]): Promise<void> {
  const folder = await openRestorerFolder(model);
  const page = fileURLToPath(new URL('./web/page.html', import.meta.url));
  await using site = await servePage(page);
  await using open = await openPage(site);
  console.log(
    `${folder.name}: WebAssembly in Chromium against Node's CPU, ${threads} threads each`,
  );
  for (const size of cases) console.log(await benchSize(open, folder, size));
}

async function benchSize(
  { page }: OpenPage,
  folder: RestorerFolder,
  { side, rounds, count }: (typeof cases)[number],
): Promise<string> {
  const weights = await readRestorerWeights(folder);
  const sent = [...weights].map(([name, weight]) => {
    return [name, { shape: weight.shape, data: [...toFloat32(weight)] }] as const;
  });
  const { config } = folder;
  const request = { kind: 'open', config, weights: sent, side, threads } as const;
  await page.evaluate((asked) => ask(asked), request);
  const graph = restorationGraph(config, side, side);
  await using session = await createNodeExecutor({ threads }).load(graph, weights);
  const sample = noise(side);
  const [web, node]: [number[], number[]] = [[], []];
  // In turns, so that whatever else the machine does hits both; the first of each turn finds cold caches.
  for (let round = 0; round < rounds; round++) {
    const asked = { kind: 'run', count: count + 1 } as const;
    web.push(...(await page.evaluate((given) => ask(given), asked)).slice(1));
    node.push(...(await timeNode(session, sample, count + 1)).slice(1));
  }
  const [inWeb, inNode] = [median(web), median(node)];
  const fastest = Math.min(...node) / Math.min(...web);
  return (
    `${side}x${side}: browser ${inWeb.toFixed(1)} ms, Node ${inNode.toFixed(1)} ms: ` +
    `${(inNode / inWeb).toFixed(2)} of Node's speed (fastest runs ${fastest.toFixed(2)})`
  );
}

async function timeNode(
  session: Session,
  sample: ReturnType<typeof noise>,
  count: number,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await session.run({ sample });
    times.push(performance.now() - start);
  }
  return times;
}

function noise(side: number) {
  const random = Random.seeded(1);
  const values = Array.from({ length: 3 * side * side }, () => random.uniform());
  return float32([1, 3, side, side], values);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
